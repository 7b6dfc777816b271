"""Two jobs that fail at first: the engine starts them again, up to a limit, and never after a success."""

from checker import Exercise, Hints, Owns
from checker.engine.errors import ObjectError
from checker.lab import Lab

_TRIES = "/tmp/tries"  # noqa: S108 - in the container: each try of the job is noted here
_NO_ANSWER = 75  # the code with which the job reports that the bank does not answer

exercise = Exercise(
    "02-running-containers/restart-on-failure",
    title="Try again, up to a limit",
    minutes=12,
    core=False,
    objectives=[
        "Let the engine start a failed container again",
        "Limit how often it does",
        "Read how often it did",
    ],
    images=["busybox"],
    owns=Owns(containers=["c02-prices", "c02-rates"], volumes=["c02-jobs"]),
    skills=["restart.policy", "inspect.state", "exit-codes.read"],
    docs=[
        "Start containers automatically",
        "docker container run: restart policies",
        "docker container inspect",
    ],
    hints=Hints(
        "`docker inspect NAME` shows two things: RestartPolicy, which you asked for, and RestartCount, which happened. "
        "Compare both with the task.",
        "`--restart` takes the name of a policy. One of them looks at the exit code. It takes a colon and a number, too. "
        "The number counts restarts: the first run is not one.",
        "The policy is `on-failure`. Run both containers detached, with that policy and the number from retries.txt. "
        "Let the job itself be the main process, so that its exit code reaches the engine.",
        when={
            "no-policy": "Without a policy, the engine leaves a container as it ended. "
            "The option `--restart` (in Python `restart_policy`) belongs to `run` or `create`.",
            "starts-successes-too": "The documentation lists four policies. "
            "Which of them acts only where the exit code is not 0?",
            "no-limit": "A policy can carry a number, after a colon. In Python it is MaximumRetryCount.",
            "other-limit": "The number counts restarts. With 1, a job runs at most twice.",
            "exit-code-hidden": "A shell around the job ends with the code of its last command. "
            "What does the engine see then?",
            "engine-restarted-nothing": "A policy acts when a process ends. What has ended before, it leaves alone.",
        },
    ),
    passed="The engine looked at each exit code. 75 is a failure, so it started the job again, later each time. "
    "0 is a success, so the prices were left alone. After the last allowed restart it gave up on the rates.",
    timeout=40,
)


def _limit(seed: int) -> int:
    return 2 + seed % 2


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Put the job into a volume, and the number of restarts beside the notebook."""
    (lab.folder / "retries.txt").write_text(f"{_limit(seed)}\n", encoding="utf-8")
    lab.scene.volume("c02-jobs")
    lab.volume("c02-jobs").write_file("fetch", _fetch(lab, seed).encode(), mode=0o755)


def _fetch(lab: Lab, seed: int) -> str:
    """Return the job. The prices arrive at the last allowed try. The count lives in the container's own layer."""
    return f"""#!/bin/sh
# fetch JOB: gets the newest numbers from the bank. It ends with {_NO_ANSWER} where the bank does not answer.
job="$1"
case "$job" in
    prices | rates) ;;
    *) echo "fetch: prices or rates?" >&2; exit 64 ;;
esac
echo "{lab.seeded("try")} $job" >> {_TRIES} || exit 1
count=$(($(cat /tmp/count 2>/dev/null || echo 0) + 1))
echo "$count" > /tmp/count
if [ "$job" = prices ] && [ "$count" -gt {_limit(seed)} ]; then
    echo 0 > /tmp/count
    echo "fetch: try $count: the prices are here"
    exit 0
fi
echo "fetch: try $count: no answer about the $job" >&2
exit {_NO_ANSWER}
"""


def _not_run(lab, container, job):
    created = container.state == "created"
    lab.fail(
        expected=f"the job {job} to run in {container.name}",
        actual=f"a container that has not run it; it is {container.status}",
        reason="never-started" if created else "other-job",
        why="The engine has made the container. Its command has never run."
        if created
        else "A policy is worth only as much as the job that it starts again.",
        next="What follows the image's name is the command: options belong before it. "
        "What `docker create` has made, `docker start` runs."
        if created
        else f"Mount the volume c02-jobs, and let the command run its program fetch with the word {job}.",
    )


def _ran(lab, job):
    """Return the container of ``job``, if the job has really run in it."""
    name = f"c02-{job}"
    container = lab.container(
        name,
        reason="missing-container",
        why="The container has to stay after its end: its log says what the bank answered.",
        next="`docker ps --all` lists what is there. An option that removes a container does not go with a restart policy.",
    )
    line = f"{lab.seeded('try')} {job}"

    def noted():
        try:
            return line in container.read_file(_TRIES).decode(errors="replace").splitlines()
        except ObjectError:
            return False

    def ran():
        return noted() or _not_run(lab, container, job)

    lab.eventually(ran, within=5, until=lambda: container.refresh().ended or container.state == "created")
    return container


@exercise.check(points=0, observes=True)
def prices(lab):
    "c02-prices has run the job prices"
    return _ran(lab, "prices")


@exercise.check(points=0, observes=True)
def rates(lab):
    "c02-rates has run the job rates"
    return _ran(lab, "rates")


@exercise.check(points=2, observes=True)
def policy(lab, prices, rates):
    "The engine starts both again after a failure only, and as often as retries.txt says"
    limit = _limit(lab.seed)
    for container in (prices, rates):
        found = container.refresh().restart_policy
        if (found.name, found.maximum) == ("on-failure", limit):
            continue
        reason, why, step = {
            "no": (
                "no-policy",
                "Without a policy the engine starts nothing again. Somebody would have to do it by hand.",
                "Which option of `docker run` asks for restarts?",
            ),
            "on-failure": (
                "other-limit",
                "The number counts restarts. The first run is not one of them, so it does not count.",
                "Compare the number of your policy with the one in retries.txt.",
            )
            if found.maximum
            else (
                "no-limit",
                "Without a number the engine never gives up. The bank refuses whoever asks too often.",
                "Which part of the policy says how often?",
            ),
        }.get(
            found.name,
            (
                "starts-successes-too",
                "This policy also starts a job that has succeeded, again and again, and it knows no limit.",
                "Which policy looks at the exit code?",
            ),
        )
        lab.fail(
            expected=f"a policy for {container.name} that acts on failures only, with at most {limit} restarts",
            actual=f"the policy {found.name}" + (f" with at most {found.maximum}" if found.maximum else ""),
            reason=reason,
            why=why,
            next=step,
        )


def _settled(lab, container):
    """Wait until the engine starts it no more, or has done so too often."""

    def settled():
        count = container.refresh().restart_count
        return (
            container.ended
            or count > _limit(lab.seed)
            or lab.fail(
                expected=f"{container.name} to end by itself",
                actual=f"it is {container.status}, and was started again {_times(count)}",
                reason="never-ends",
                why="The engine acts on an exit code. A process that has not ended has none.",
                next=f"`docker logs {container.name}` shows what it does. The job itself ends at once.",
            )
        )

    lab.eventually(settled, within=10, until=lambda: container.state not in {"running", "restarting"})


def _times(count):
    return "once" if count == 1 else f"{count} times"


@exercise.check(points=3, observes=True)
def recovered(lab, prices):
    "The engine has started c02-prices again until it succeeded, and then no more"
    _settled(lab, prices)
    count, code = prices.restart_count, prices.exit_code
    expected = "a job that fails at first, is started again by the engine, succeeds, and is then left alone"
    if not prices.ended:
        lab.fail(
            expected=expected,
            actual=f"c02-prices was started again {_times(count)} so far; it is {prices.status}",
            reason="starts-successes-too",
            why="Every further run asks the bank again, although the prices are here.",
            next="Which policy leaves a container alone whose exit code is 0?",
        )
    if code:
        lab.fail(
            expected=expected,
            actual=f"it was started again {_times(count)}, and ended with exit code {code}",
            reason="gave-up-early" if count else "engine-restarted-nothing",
            why="The bank answers at the last allowed restart. The first run is not a restart."
            if count
            else "Nobody started the job again after its failure.",
            next="Compare RestartCount in `docker inspect c02-prices` with retries.txt.",
        )
    if not count:
        lab.fail(
            expected=expected,
            actual="it ended with exit code 0, and the engine has started it again 0 times",
            reason="exit-code-hidden",
            why="The job fails at first. Something between the job and the engine hides that, or retries by itself: "
            "then the engine learns nothing of the failure.",
            next="Let the job be the container's main process, and the engine do the rest.",
        )


@exercise.check(points=3, observes=True)
def gave_up(lab, rates):
    "The engine has started c02-rates again as often as allowed, then left it with the job's own exit code"
    _settled(lab, rates)
    limit, count, code = _limit(lab.seed), rates.restart_count, rates.exit_code
    expected = (
        f"c02-rates started again {_times(limit)}, and then ended with the job's exit code {_NO_ANSWER}"
    )
    if not rates.ended:
        lab.fail(
            expected=expected,
            actual=f"it was started again {_times(count)} so far; it is {rates.status}",
            reason="never-gives-up",
            why="The bank does not answer tonight. It refuses whoever asks too often.",
            next="What says how often the engine may try again?",
        )
    if code != _NO_ANSWER:
        lab.fail(
            expected=expected,
            actual=f"exit code {code}, and it was started again {_times(count)}",
            reason="exit-code-hidden",
            why="The engine and your colleagues know of a failure by the exit code. "
            "A shell around the job, or a signal from outside, puts another one in its place.",
            next="Let the job be the container's main process, and let it end by itself.",
        )
    if count != limit:
        lab.fail(
            expected=expected,
            actual=f"started again by the engine {_times(count)}",
            reason="other-count" if count else "engine-restarted-nothing",
            why="RestartCount counts what the engine has started again by its policy. A start by hand is not one, nor is a loop inside."
            if not count
            else "The number of a policy counts restarts. The first run is not one of them.",
            next="Compare RestartCount in `docker inspect c02-rates` with retries.txt. "
            "Then remove the container and run it anew.",
        )
