"""Three desks whose docker command fails: no engine, no permission, a wrong context. The error tells which."""

import random
import re

from checker import Exercise, Failure, Hints, Owns
from checker.lab import Lab
from checker.lab.values import plain

_DESKS = [f"desk-{number}" for number in range(1, 4)]
_HELPDESK, _ROOM, _SOCKETS = "c01-helpdesk", "c01-engine-room", "c01-sockets"

#: What each fault is called in a sentence, and what its error says.
_SAID = {
    "engine_down": "the desk whose engine does not run",
    "no_permission": "the desk whose user may not talk to the engine",
    "wrong_context": "the desk whose client looks for a context that does not exist",
}
_SAW = {
    "engine_down": "whose error asks: Is the docker daemon running?",
    "no_permission": "whose error ends with: permission denied",
    "wrong_context": "whose error says: context not found",
}
_MEANS = {
    "engine_down": "Nobody listens at the address where this client asks. "
    "It has found its context, and nothing has refused it.",
    "no_permission": "The kernel has refused this user. The socket is there and the engine may be well: "
    "its file belongs to somebody else.",
    "wrong_context": "This client does not know where to ask. It stops before it reaches any engine, "
    "so its error says nothing about engines.",
}
_NEXT = {
    "engine_down": "Which error reports that an address is known, and that nobody answers there?",
    "no_permission": "Which error comes from the rights of a file? Root does not get it.",
    "wrong_context": "Which error names no address at all? `docker context ls` on that desk shows a star and an error.",
}
_REASONS = {
    "engine_down": "nobody-listens",
    "no_permission": "refused-is-not-down",
    "wrong_context": "context-is-not-engine",
}
#: A phrase of the client's own error, by fault.
_ERRORS = {
    "engine_down": "is the docker daemon running",
    "no_permission": "permission denied",
    "wrong_context": "not found",
}

exercise = Exercise(
    "01-concepts/who-is-broken",
    title="Who is broken?",
    minutes=15,
    core=False,
    objectives=[
        "Tell from the client's error whether client, permission or engine is at fault",
        "Say which part of Docker each error comes from",
    ],
    images=["docker", "python"],
    owns=Owns(containers=[_HELPDESK, _ROOM], volumes=[_SOCKETS]),
    answer="value",
    skills=["debug.client", "client.and-engine"],
    docs=["Troubleshooting the Docker daemon", "Docker contexts", "Linux post-installation steps"],
    hints=Hints(
        "Run `docker ps` on each of the three desks, and read the whole error. "
        "Follow the way of the command: which context, which address, may I, does anybody answer?",
        "Each fault stops the command at another place. Without a context there is no address. "
        "With an address, the kernel first asks whether this user may. Only then it matters whether an engine listens.",
        "One error says that a context is not found. One ends with permission denied. "
        "The last one asks whether the daemon is running: that is another word for the engine.",
        when={
            "refused-is-not-down": "An engine that refuses is an engine that is there. Who refuses here?",
            "context-is-not-engine": "`docker exec c01-helpdesk desk-N docker context ls` shows which context is in use, "
            "and whether it exists.",
            "nobody-listens": "This client knows where to ask, and may ask. What is missing at the other end?",
            "changed": "Reset brings all three back as they were, in a new order.",
        },
    ),
    passed="The client looks up its context and finds an address there. It asks the kernel for the way in, then the engine. "
    "Each error comes from one of these steps, so it says whom to ask for help.",
    timeout=40,
)

#: Two of the addresses lead to something that answers as an engine does; the third one to nobody.
_ENGINES = b"""
import http.server, os, socketserver, sys, threading

class Engine(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"OK" if self.path.endswith("_ping") else b"[]"
        self.send_response(200)
        for name, value in {"Api-Version": "1.41", "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_HEAD = do_GET

    def address_string(self):
        return "a client"

for number, fault in enumerate(sys.argv[1:], 1):
    path = f"/engines/office-{number}.sock"
    if os.path.exists(path):
        os.unlink(path)
    os.umask(0o117 if fault == "refusing" else 0o111)
    server = socketserver.ThreadingUnixStreamServer(path, Engine)
    if fault == "silent":
        server.server_close()
    else:
        threading.Thread(target=server.serve_forever).start()
print("open", flush=True)
"""
_ROLES = {"engine_down": "silent", "no_permission": "refusing", "wrong_context": "well"}

_DESK = b"""#!/bin/sh
# desk-N COMMAND: runs a command as it runs at this desk.
DOCKER_CONFIG="/tmp/${0##*/}" exec "$@"
"""
_SET_UP = """#!/bin/sh
for number in 1 2 3; do
    desk-$number docker context create office --docker "host=unix:///engines/office-$number.sock" || exit 1
    echo '{"currentContext": "office"}' > /tmp/desk-$number/config.json
done
echo '{"currentContext": "branch"}' > /tmp/WRONG/config.json
echo ready
exec sleep 36000
"""


def _order(seed: int) -> dict[str, str]:
    """Say which fault each desk has: another order at each start."""
    return dict(zip(random.Random(seed).sample(sorted(_SAID), 3), _DESKS, strict=True))  # noqa: S311


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Open three addresses, two with an engine behind; set up three desks of a user who is not root."""
    desks = {desk: fault for fault, desk in _order(seed).items()}
    lab.scene.volume(_SOCKETS)
    where = {"network_mode": "none", "init": True, "security_opt": ["label=disable"],
             "volumes": {_SOCKETS: {"bind": "/engines", "mode": "rw"}}}  # fmt: skip
    room = lab.scene.container(
        _ROOM, "python", ["python3", "/engines.py", *(_ROLES[desks[desk]] for desk in _DESKS)], start=False, **where
    )  # fmt: skip
    room.write_file("/engines.py", _ENGINES)
    helpdesk = lab.scene.container(
        _HELPDESK, "docker", entrypoint=["sh", "/set-up"], start=False, user="1000:1000", **where
    )  # fmt: skip
    helpdesk.write_file("/set-up", _SET_UP.replace("WRONG", _order(seed)["wrong_context"]).encode())
    for desk in _DESKS:
        helpdesk.write_file(f"/usr/local/bin/{desk}", _DESK, mode=0o755)
    room.start()
    helpdesk.start()
    lab.eventually(lambda: "open" in lab.logs(room).stdout, within=20)
    lab.eventually(lambda: "ready" in lab.logs(helpdesk).stdout, within=20)


def _desk(lab: Lab, fault: str) -> str | None:
    """Return the desk that was handed in, as a name or a number; None where it is none of the three."""
    text = plain(lab.answer(fault)).lower()
    alone = re.fullmatch(r"[\W_]*([123])(?:\.0)?", text)
    found = {alone[1]} if alone else set(re.findall(r"desk[\W_]*(?:no\.?|number)?[\W_]*([123])(?!\d)", text))
    return f"desk-{found.pop()}" if len(found) == 1 else None


def _handed_in(lab: Lab, fault: str) -> str | None:
    try:
        return _desk(lab, fault)
    except Failure:
        return None


def _diagnosed(lab: Lab, asked: str) -> None:
    """Fail unless the desk that was handed in as ``asked`` has this fault."""
    desk = _desk(lab, asked)
    if desk is None:
        lab.fail(
            expected=f"one of desk-1, desk-2 and desk-3 as {asked}",
            actual=f"`{str(lab.answer(asked))[:60]}`",
            reason="no-such-desk",
            why="Each fault belongs to exactly one desk.",
            next="Hand in the desk's name or its number.",
        )
    given = next(fault for fault, one in _order(lab.seed).items() if one == desk)
    if given != asked:
        lab.fail(
            expected=_SAID[asked],
            actual=f"{desk}, {_SAW[given]}",
            reason=_REASONS[given],
            why=_MEANS[given],
            next=_NEXT[asked],
        )


@exercise.check(points=0, observes=True)
def handed_in(lab):
    "You have handed in at least one desk"
    if not any(_handed_in(lab, fault) for fault in _SAID):
        lab.fail(
            expected="a desk for each fault, or for one of them",
            actual="none",
            reason="no-answer",
            why="What you have found out counts once it is handed in. Printing it is not enough.",
            next="Put desks into `submit(…)` in the answer cell, and run the cell.",
        )


@exercise.check(points=2, observes=True)
def engine_down(lab, handed_in):
    "The desk whose engine does not run"
    _diagnosed(lab, "engine_down")


@exercise.check(points=2, observes=True)
def no_permission(lab, handed_in):
    "The desk whose user has no permission"
    _diagnosed(lab, "no_permission")


@exercise.check(points=2, observes=True)
def wrong_context(lab, handed_in):
    "The desk with the wrong context"
    _diagnosed(lab, "wrong_context")


@exercise.check(points=1)
def as_found(lab, handed_in):
    "The three desks are as you found them: each has its own error"
    why = "The people at the three desks go on looking after you."
    step = "Press Reset: it brings the desks back, in a new order."
    for name in (_HELPDESK, _ROOM):
        found = lab.container(name, reason="changed", why=why, next=step)
        if not found.running:
            lab.fail(
                expected=f"{name} to be running",
                actual=f"it is {found.status}",
                reason="changed",
                why=why,
                next=step,
            )
    helpdesk = lab.container(_HELPDESK)
    for fault, desk in sorted(_order(lab.seed).items(), key=lambda pair: pair[1]):
        error = lab.exec(helpdesk, desk, "docker", "ps").stderr
        if _ERRORS[fault] not in error.lower():
            opened = fault == "no_permission"
            lab.fail(
                expected=f"{desk} with the error that it had",
                actual=f"`{' '.join(error.split())[:80]}`" if error.strip() else "its `docker ps` works now",
                reason="changed",
                why="A socket that everybody may write to makes everybody root on that machine. "
                "Whether a user may talk to an engine is decided by those who run it."
                if opened
                else "You were asked to name the fault. Whoever repairs something else takes the evidence away.",
                next="Press Reset: it brings the three faults back, in a new order. Then only look.",
            )
