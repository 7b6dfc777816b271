"""A web server in the background, published on the learner's own machine and nowhere else."""

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.engine.settings import Binding, Published
from checker.lab import Lab
from checker.lab.demands import loopback_only, made_from, own_network, running
from checker.lab.pages import fresh_page

exercise = Exercise(
    "02-running-containers/background-web",
    title="A web server in the background",
    minutes=10,
    objectives=[
        "Start a container that keeps running in the background",
        "Publish a port for your own machine only",
    ],
    images=["nginx"],
    owns=Owns(containers=["c02-web"], ports=[8082]),
    skills=["run.detached", "publish.port", "publish.loopback"],
    docs=["docker container run", "Publishing and exposing ports"],
    hints=Hints(
        "`docker ps --all` shows how c02-web is, and `docker port c02-web` where it is published. "
        "Compare both with the task.",
        "The publish option reads *address*:*yours*:*the container's*. Left out, the address means every interface. "
        "The option that starts a container in the background is a single word.",
        "Remove the container and run it again with both gaps filled. All three parts of the publish option are in the "
        "task: the address and the port that people ask for, and the port on which nginx listens inside.",
        when={
            "no-container": "The engine holds a container under the name that the run gave it. "
            "Was there an error under your cell? With `--rm`, a container is gone as soon as it ends.",
            "not-running": "A container runs as long as its main process does. "
            "`docker ps --all` says how it ended, `docker logs c02-web` what it printed last.",
            "attached": "One option of the run gives you the prompt back at once. "
            "A `&` of the shell does not: the docker command goes on, and holds the container.",
            "not-published": "`docker port c02-web` prints nothing. EXPOSE in an image is a note for its readers. "
            "Which option of the run publishes?",
            "sides-swapped": "Between the colons, the machine's port comes first, and the container's port comes last. "
            "On which port does nginx listen inside?",
            "published-everywhere": "A publish has three parts. `docker port c02-web` shows which address it got "
            "when the first part is left out.",
        },
    ),
    passed="The engine keeps the container running without a terminal. Its port 80 is published on 127.0.0.1. "
    "So your machine reaches the page, and no other machine does.",
    timeout=30,
)

_PORT = 8082
_ROOT = "/usr/share/nginx/html"
_PATIENCE = 4  # seconds in which nginx comes up, also on a slow machine


@exercise.check(points=1, observes=True)
def web(lab):
    "A container named c02-web, made from nginx:1.26, is running"
    found = lab.container(
        "c02-web",
        reason="no-container",
        why="Your colleagues and this check look for the web server by this name.",
        next="List all containers with `docker ps --all`. Was yours removed when it ended, or has it another name?",
    )
    made_from(lab, found, "nginx")
    running(found)
    return found


@exercise.check(points=1, observes=True)
def detached(lab, web):
    "It runs in the background: no terminal and no program holds it"
    lab.expect(
        web.held(),
        False,
        expected_text="a container that was started in the background",
        actual_text="one whose docker command stayed attached to it",
        reason="attached",
        why="The terminal is held as long as the container runs. Ctrl-C in it, or closing it, can end the web server.",
        next="Which option of `docker run` means detached? Remove the container, and run it again with it.",
    )


@exercise.check(points=2)
def answers(lab, web):
    "127.0.0.1:8082 answers with a page that was written into c02-web a moment ago"
    path, is_ours = fresh_page(lab, web, _ROOT)
    got: list[str] = []

    def asked() -> bool:
        got.append(lab.reach("127.0.0.1", _PORT, path).text)
        return is_ours(got[-1])

    try:
        lab.eventually(
            asked,
            within=_PATIENCE,
            until=lambda: not _leads_inside(lab, web),
            what=f"the new page on port {_PORT} of 127.0.0.1",
            reason="other-page",
            why="The new page is in c02-web. Something else answers on this port, or c02-web serves other pages.",
            next="`docker logs c02-web` shows every request that reached it. Was it asked at all?",
        )
    except Failure:
        _say_how_it_is_published(lab, web, f"; another program answers on port {_PORT}" if got else "")
        raise


@exercise.check(points=2)
def only_here(lab, web, answers):
    "c02-web is published for your machine, and for no other one"
    own_network(web)
    loopback_only(web)


@exercise.check(points=1)
def stays(lab, web, answers):
    "It is still running some moments later"
    starts = web.refresh().restart_count
    lab.stable(
        lambda: web.refresh().running and web.restart_count == starts,
        1.0,
        what="c02-web to keep running",
        reason="ended-soon",
        why="The page is wanted until you say stop. The container ends with its main process.",
        next="What does the command of your run wait for? The image's own command keeps nginx in the foreground.",
    )


def _tcp(web: Container) -> list[Published]:
    return [one for one in web.refresh().publishes if one.protocol == "tcp"]


def _is_asked(binding: Binding) -> bool:
    """Say whether a connection to the task's address and port arrives at this binding."""
    return binding.host_port == _PORT and (binding.host_ip == "127.0.0.1" or binding.everywhere)


def _leads_inside(lab: Lab, web: Container) -> bool:
    """Say whether the machine's port leads to a port on which something may soon listen inside."""
    inside = {one.port for one in _tcp(web) if _is_asked(one.binding)}
    listening = lab.listeners(web)
    return bool(inside and (not listening or inside & {one.port for one in listening if not one.loopback}))


def _say_how_it_is_published(lab: Lab, web: Container, who_answers: str) -> None:
    """Fail with what is wrong with how c02-web is published, if anything is."""
    expected = f"port {_PORT} of 127.0.0.1 to lead to nginx in c02-web"
    published = _tcp(web)
    here = [one for one in published if one.binding.host_port == _PORT]
    if not published:
        lab.fail(
            expected=expected,
            actual=f"c02-web publishes no TCP port{who_answers}",
            reason="not-published",
            why="EXPOSE in the image documents port 80. Only publishing makes a port reachable from your machine.",
            next="Ports are fixed when a container is created. Remove it, and run it again with a publish option.",
        )
    if not here:
        port, _, binding = published[0]
        swapped = port == _PORT
        lab.fail(
            expected=expected,
            actual=f"port {binding.host_port} of your machine leads to port {port} of the container{who_answers}",
            reason="sides-swapped" if swapped else "other-port",
            why="The machine's port stands before the container's port. People ask for the first one.",
            next="Which of the two numbers belongs to your machine? Exchange them."
            if swapped
            else f"Publish the container's port as {_PORT}.",
        )
    if not any(_is_asked(one.binding) for one in here):
        lab.fail(
            expected=expected,
            actual=f"port {_PORT} is published on {here[0].binding.host_ip} only{who_answers}",
            reason="other-address",
            why="Your machine has many addresses. 127.0.0.1 is the one that people ask for here.",
            next="Change the first part of the publish option.",
        )
    inside, listening = here[0].port, lab.listeners(web)
    if not any(one.port == inside for one in listening):
        lab.fail(
            expected=expected,
            actual=f"it leads to port {inside} of the container; inside, programs listen on "
            + (", ".join(map(str, listening)) or "no port"),
            reason="wrong-container-port",
            why="A published port leads to one port of the container. Nothing waits there for a connection.",
            next="The last number of the publish option is the port inside. On which one does nginx listen?",
        )
    if all(one.loopback for one in listening):
        lab.fail(
            expected="nginx to listen on an address that the outside reaches",
            actual=f"it listens on {', '.join(map(str, listening))} inside the container",
            reason="listens-to-itself",
            why="Inside the container, 127.0.0.1 is the container itself. What comes in through a published port comes from outside.",
            next="The image's own settings are right: nginx listens on every address of the container.",
        )
