"""A container with a limit for memory and one for CPU time, both read back from its cgroup."""

import re
from typing import NoReturn

from checker import Exercise, Failure, Hints, Owns
from checker.engine.container import Container
from checker.lab import Lab
from checker.lab.demands import made_from, running

_MIB = 2**20
_PAGE = 65536  # bytes: the kernel rounds a limit down to whole pages, which are larger on some machines
_CPUS = (0.2, 0.25, 0.3, 0.4, 0.5)
#: Where the limits stand inside: cgroup v2 first, then v1.
_MEMORY_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CPU_FILES = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)

#: A number with its digits in groups of three, such as 100,663,296.
_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:[,_.'\s]\d{3})+(?!\d)")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")

exercise = Exercise(
    "01-concepts/cap-the-resources",
    title="A limit that holds",
    minutes=15,
    objectives=[
        "Limit the memory and the CPU time of a container",
        "Read a container's limits from its cgroup",
        "Tell a limit from a reservation, and from what `free` shows",
    ],
    images=["busybox"],
    owns=Owns(containers=["c01-report"]),
    skills=["limits.set", "limits.read"],
    docs=["Resource constraints", "docker container run", "docker container update"],
    hints=Hints(
        "`docker inspect c01-report` shows what was asked for: Memory in bytes, and NanoCpus or CpuQuota. "
        "0 means that there is no limit.",
        "`--memory` and `--cpus` set limits. `--memory-reservation` and `--cpu-shares` only count "
        "while the machine is short of something. What the kernel enforces stands in the files of the cgroup.",
        "Run the container with both options and the values from limits.txt. "
        "Then read the files of your cgroup version with `docker exec c01-report cat FILE`. "
        "The number of CPUs is the quota divided by the period.",
        when={
            "not-running": "A container runs as long as its first process. `sleep 36000` waits long enough.",
            "reservation": "Two options begin with `--memory`. Which of them can a container never pass?",
            "share-is-no-limit": "Shares say who gets more while others wait. Which option says how much at most?",
            "pinned": "To choose a CPU is not to limit the time on it.",
            "free-shows-the-machine": "`free` reads /proc/meminfo, which tells about the whole machine. "
            "The limit stands in the cgroup's own file.",
            "machine-cpus": "`nproc` counts CPUs on which the container may run. How much of their time it gets is in the cgroup.",
            "quota-alone": "The quota is microseconds of CPU time in each period. How long is the period?",
        },
    ),
    passed="Both limits are files of the container's cgroup, and the kernel enforces what stands there. "
    "Programs such as `free` and `nproc` look at the machine, and do not know of them.",
    timeout=30,
)


def _limits(lab: Lab) -> tuple[int, float]:
    """Return the memory in MiB and the CPUs that operations grant: other ones for each start."""
    number = int(lab.seeded("limits"), 16)
    return 48 + 16 * (number % 9), _CPUS[number // 9 % len(_CPUS)]


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Lay the granted limits beside the notebook."""
    del seed
    memory, cpus = _limits(lab)
    (lab.folder / "limits.txt").write_text(f"memory {memory}m\ncpus {cpus}\n", encoding="utf-8")


@exercise.check(points=0, observes=True)
def report(lab):
    "A container named c01-report, made from busybox:1.37, is running"
    found = lab.container(
        "c01-report",
        reason="no-container",
        why="Operations look for the report by this name.",
        next="`docker ps --all` lists all containers. Was there an error under your cell?",
    )
    made_from(lab, found, "busybox")
    if not found.running and any(word.startswith(("-m", "--mem", "--cpu")) for word in found.command):
        lab.fail(
            expected="c01-report to be running",
            actual=f"it is {found.status}; its command is `{' '.join(found.command)}`",
            reason="options-behind-the-image",
            why="What stands behind the name of the image is the container's command. "
            "The limits have become arguments of this command.",
            next="Remove it, and run it again with both options before the name of the image.",
        )
    running(found)
    return found


def _inside(container: Container, *paths: str) -> list[str] | None:
    """Return the words of these files, read inside; None where one of them is not there."""
    read = container.exec("cat", *paths)
    return read.stdout.split() if read.ok else None


def _memory_inside(container: Container) -> int | None:
    """Return the limit for memory in bytes as the cgroup has it; None where there is none.

    What the engine was asked for counts where the cgroup cannot be seen inside, and where somebody has put
    something else in the place of its files.
    """
    asked = container.limits.memory
    if not asked:
        return None
    for path in _MEMORY_FILES:
        if words := _inside(container, path):
            seen = int(words[0][:19]) if words[0].isdecimal() else 2**63
            if seen >= 2**60:
                return None
            return seen if abs(seen - asked) < _PAGE else asked
    return asked


def _cpus_inside(container: Container) -> float | None:
    """Return the limit in CPUs as the cgroup has it, likewise; None where there is none."""
    asked = container.limits.cpus
    if not asked:
        return None
    for paths in _CPU_FILES:
        if words := _inside(container, *paths):
            quota, period = (int(word[:18]) if word.isdecimal() else 0 for word in [*words, ""][:2])
            if not quota or not period:
                return None
            return quota / period if abs(quota / period - asked) < 0.005 else asked
    return asked


@exercise.check(points=2, requires=["memory-limit"])
def memory_limit(lab, report):
    "It can use as much memory as limits.txt grants, and no more"
    granted = _limits(lab)[0] * _MIB
    found = _memory_inside(report)
    if found is not None and granted - _PAGE < found <= granted:
        return
    reservation = report.refresh().limits.memory_reservation
    actual, reason = "no limit", "no-limit"
    why = "Without a limit one container can take all memory of the machine, and its neighbours suffer."
    if reservation and (found is None or reservation == granted):
        limit = "no limit" if found is None else f"a limit of {found / _MIB:g} MiB"
        actual, reason = f"{limit}, and a reservation of {reservation / _MIB:g} MiB", "reservation"
        why = "A reservation is no limit. The kernel heeds it only while memory is short, and no process ends at it."
    elif found is not None:
        actual, reason = f"a limit of {found} bytes, {found / _MIB:g} MiB", "other-limit"
        why = "Operations count on the value in limits.txt. `m` means MiB, 1024 times 1024 bytes."
    lab.fail(
        expected=f"a limit of {granted // _MIB} MiB of memory, {granted} bytes, in the cgroup of c01-report",
        actual=actual,
        reason=reason,
        why=why,
        next="Which option sets the most that a container may use? "
        "Remove the container and run it anew, or change it with `docker update`.",
    )


@exercise.check(points=2, requires=["cpu-limit"])
def cpu_limit(lab, report):
    "It can use as much CPU time as limits.txt grants, and no more"
    granted = _limits(lab)[1]
    found = _cpus_inside(report)
    if found is not None and abs(found - granted) < 0.005:
        return
    host = report.refresh().attrs["HostConfig"]
    actual, reason = ("no limit" if found is None else f"a limit of {found:g} CPUs"), "no-limit"
    why = "Without a limit one busy container can keep all CPUs of the machine to itself."
    if found is not None:
        reason, why = "other-limit", "Operations count on the value in limits.txt."
    elif host.get("CpuShares"):
        actual, reason = f"no limit, and {host['CpuShares']} shares", "share-is-no-limit"
        why = "Shares are a weight. They count only while several containers want the same CPU. "
        why += "On an idle machine such a container takes everything."
    elif host.get("CpusetCpus"):
        actual, reason = f"no limit; it may run on CPU {host['CpusetCpus']} only", "pinned"
        why = "The container can use all of the time of that CPU."
    lab.fail(
        expected=f"a limit of {granted:g} CPUs in the cgroup of c01-report",
        actual=actual,
        reason=reason,
        why=why,
        next="Which option takes a number of CPUs, also a part of one? "
        "Remove the container and run it anew, or change it with `docker update`.",
    )


def _numbers(lab: Lab, key: str) -> list[float]:
    """Return the numbers in what was handed in as ``key``, as text, number or list."""
    value = lab.answer(key)
    if isinstance(value, dict):  # the quota before the period, whatever their order was
        value = [value[name] for name in sorted(value, reverse=True)]
    words = [str(word).lower() for word in (value if isinstance(value, list) else [value])]
    words = [_GROUPED.sub(lambda found: re.sub(r"\D", "", found[0]), word) for word in words]
    words = [re.sub(r"(?<![\d.])0?,(?=\d)", "0.", word) for word in words]  # some write 0,25
    return [float(number) for word in words for number in _NUMBER.findall(word)]


def _not_read(lab: Lab, key: str, *, expected: str, **texts: str) -> NoReturn:
    raise Failure(expected=expected, actual=f"`{str(lab.answer(key))[:60]}`", **texts)


@exercise.check(points=1, requires=["memory-limit"])
def memory_read(lab, report, memory_limit):
    "You have handed in the limit for memory as the cgroup has it, in bytes"
    numbers, limit = _numbers(lab, "memory"), _memory_inside(report) or 0
    units = (1, 1024, _MIB, 1024 * _MIB)  # some write the same once more in a larger one
    if limit in numbers and all(limit in [one * unit for unit in units] for one in numbers):
        return
    total = int(lab.engine.info.get("MemTotal") or 0)
    reason = "not-the-limit"
    why = "The file of the cgroup holds another value, and in bytes. What is in use stands in another file."
    if any(total and abs(one * unit / total - 1) < 0.05 for one in numbers for unit in (1, 1024, _MIB)):
        reason = "free-shows-the-machine"
        why = "This is the memory of the whole machine. `free` reads it from a file that knows no cgroups, so it shows no limit."
    _not_read(
        lab, "memory", expected="the bytes from the cgroup's file as memory", reason=reason, why=why,
        next="The table names the file for each cgroup version. Read it inside c01-report.",
    )  # fmt: skip


@exercise.check(points=1, requires=["cpu-limit"])
def cpu_read(lab, report, cpu_limit):
    "You have handed in the number of CPUs that the cgroup grants"
    numbers, limit = _numbers(lab, "cpus"), _cpus_inside(report) or 0
    if len(numbers) > 2:  # both times, and what comes out
        numbers = [one for one in numbers if abs(one - limit) >= 0.005]
    found = numbers[0] / numbers[1] if len(numbers) == 2 and numbers[1] else (numbers or [0])[0]
    if len(numbers) <= 2 and abs(found - limit) < 0.005:
        return
    reason, why = "not-the-limit", "The quota is CPU time, the period is real time, both in microseconds."
    if found == lab.engine.info.get("NCPU"):
        reason = "machine-cpus"
        why = "This is how many CPUs the machine has. `nproc` counts them and knows no quota."
    elif abs(found / 1e9 - limit) < 0.005:
        why = "This is NanoCpus, what the engine was asked for: a CPU has 1 000 000 000 of these. The cgroup has a quota and a period."
    elif found >= 1000:
        reason = "quota-alone"
        why = "This is a time in microseconds. It says something only together with the period."
    _not_read(
        lab, "cpus", expected="the quota divided by the period as cpus", reason=reason, why=why,
        next="The table names the files for each cgroup version. Read them inside c01-report, then divide.",
    )  # fmt: skip
