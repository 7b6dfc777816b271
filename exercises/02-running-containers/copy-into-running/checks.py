"""A corrected page goes into a web server that must not stop: visitors' orders are in its memory."""

from checker import Exercise, Hints, Owns
from checker.engine.container import Container, State
from checker.engine.http import Response
from checker.engine.probe import ROLE_LABEL
from checker.lab import Lab

_ROOT = "/usr/share/nginx/html"
_PAGE = "opening-hours.html"
_ORDERS = "orders/open.txt"

exercise = Exercise(
    "02-running-containers/copy-into-running",
    title="A file into a running container",
    minutes=8,
    core=False,
    objectives=[
        "Copy a file into a container that goes on running",
        "Say which of the two paths of a copy is the source",
        "Tell what a restart would have lost",
    ],
    images=["nginx"],
    owns=Owns(containers=["c02-site"]),
    skills=["cp.files", "layer.writable"],
    docs=["docker container cp", "docker container exec"],
    hints=Hints(
        "Two things must hold: the page has the new text, and the container was never stopped. "
        "`docker ps` shows since when it is up.",
        "A copy names the source first, then the target. The container's side is written as its name, a colon, and a path. "
        "The engine copies into a running container as well as into a stopped one.",
        f"The source is {_PAGE} in the folder of this notebook. The target is the container's name, a colon, "
        f"and the directory that the web server serves: {_ROOT}.",
        when={
            "not-running": "A stopped container serves nothing, and its orders are gone. Press Reset for a new one. "
            "Then copy while it runs.",
            "replaced": "A new container has a new memory. Press Reset. "
            "Then look for a command that changes the files of the container that is there.",
            "restarted": "A web server reads a page anew at each request. Is a restart needed at all? Press Reset, and try without.",
            "old-page": f"`docker exec c02-site ls -l {_ROOT}` lists the pages that are served, with the time of each. "
            "Was yours changed? Which path did you give as the target?",
            "copied-out": "The source stands first, the target second. Press Reset: your corrected file is overwritten.",
            "not-allowed": "`docker exec c02-site ls -l` with the directory shows who may read each page. "
            "A copy keeps the rights that the file had.",
            "more-than-the-page": "One file was to be copied, not the folder around it. `docker exec` with rm removes what is too much.",
        },
    ),
    passed="The copy wrote into the writable layer of the container that runs. Its process never stopped, so the open orders are still there. "
    "The copy lives as long as this container: a new one from the same image has the old page again.",
    timeout=30,
)


def _hours(lab: Lab, name: str) -> str:
    """Return opening hours, other ones for each ``name``."""
    early, late = (int(lab.seeded(f"{name}/{end}"), 16) for end in ("opens", "closes"))
    return f"{early % 4 + 6}:{early % 6}0 to {late % 4 + 17}:{late % 6}5"


def _page(lab: Lab, name: str) -> str:
    """Return the page of opening hours as it was (``old``) and as it shall be (``new``)."""
    return f"<title>Opening hours</title>\n<p>Open from {_hours(lab, name)}.</p>\n<p>Edition {lab.seeded(name)}</p>\n"


def _others(lab: Lab) -> dict[str, str]:
    return {
        "index.html": f"<title>Welcome</title>\n<p>Your number today: {lab.seeded('index')}</p>\n",
        "contact.html": f"<title>Contact</title>\n<p>Desk {lab.seeded('contact')}</p>\n",
    }


def _orders(lab: Lab) -> str:
    return f"{lab.seeded('orders')}\n"


@exercise.scene
def scene(lab: Lab, seed: int) -> None:
    """Start a site with an old page, and lay the corrected page beside the notebook."""
    del seed
    site = lab.scene.container(
        "c02-site",
        "nginx",
        start=False,
        ports={"80/tcp": ("127.0.0.1", None)},
        tmpfs={f"{_ROOT}/orders": "mode=755"},  # gone with the first process, as its memory is
    )
    for name, content in ({_PAGE: _page(lab, "old")} | _others(lab)).items():
        site.write_file(f"{_ROOT}/{name}", content.encode())
    site.start()
    lab.exec(site, "sh", "-c", f'printf %s "$1" > {_ROOT}/{_ORDERS}', "sh", _orders(lab))
    corrected = lab.folder / _PAGE
    corrected.write_bytes(_page(lab, "new").encode())
    corrected.chmod(0o644)  # a copy keeps it, and the web server's workers must be able to read the page


def _get(lab: Lab, site: Container, path: str) -> Response:
    return lab.get(site, 80, f"/{path}", published=bool(site.bindings(80)))


def _same(text: str, expected: str) -> bool:
    """Compare pages as a reader would: an editor on Windows ends lines differently, and some add a last one."""
    return text.split() == expected.split()


@exercise.check(points=0, observes=True)
def site_runs(lab):
    "The site in c02-site runs"
    site = lab.container(
        "c02-site",
        reason="not-running",
        why="Visitors are on this site now. The container that you were given is gone.",
        next="Press Reset: it gives you a new site.",
    )
    if site.state is State.PAUSED:
        lab.fail(
            expected="c02-site to answer its visitors",
            actual="it is paused",
            reason="paused",
            why="A paused container keeps its processes and gives them no time. Visitors wait.",
            next="`docker unpause` lets it go on.",
        )
    lab.expect(
        site.running,
        True,
        expected_text="c02-site to run",
        actual_text=f"its status: {site.status}",
        reason="not-running",
        why="Visitors are on this site now. A stopped container serves nothing, though files can be copied into it.",
        next="Press Reset: it gives you a new site. This time, leave it running.",
    )
    return site


@exercise.check(points=3)
def page_is_new(lab, site_runs):
    "The site answers with the corrected page"
    answer = lab.eventually(lambda: _get(lab, site_runs, _PAGE), within=3)
    if answer.status == 200 and _same(answer.text, _page(lab, "new")):
        return
    found = f"other text: {_first_line(answer.text)}" if answer.status == 200 else f"answer {answer.status}"
    reason, why = "old-page", f"The web server serves what lies in {_ROOT}, under exactly this name."
    step = "Compare the target of your copy with the directory and the name of the page."
    if answer.status == 403:
        found += ": the web server may not read the file"
        reason, why = (
            "not-allowed",
            "A copy keeps the rights of a file. The web server's workers run as another user.",
        )
        step = "Look at the rights of the file inside the container, and let everybody read it."
    elif answer.status == 200 and _same(answer.text, _page(lab, "old")):
        found = "the old page"
    if answer.status == 200 and _same(_own_file(lab), answer.text):
        found += f", in the container and in your own {_PAGE}"
        reason, why = "file-changed", f"Your own {_PAGE} is no longer the corrected file."
        step = "Press Reset to get the corrected file back, and copy it as it is."
        if found.startswith("the old page"):
            reason, why = "copied-out", "The copy went out of the container. The first path is the source."
            step = "Press Reset to get the corrected file back. Then give the two paths in the other order."
    lab.fail(
        expected=f"the text of {_PAGE}, the corrected file", actual=found, reason=reason, why=why, next=step
    )


def _first_line(text: str) -> str:
    return next((line.strip()[:80] for line in text.splitlines() if line.strip()), "an empty page")


def _own_file(lab: Lab) -> str:
    path = lab.folder / _PAGE
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""


@exercise.check(points=1)
def never_stopped(lab, site_runs, page_is_new):
    "It was never stopped: the open orders of its visitors are still there"
    site = site_runs
    expected = "the container that you were given, running since then"
    why = "The open orders are in memory. They end with the container's first process."
    if site.labels.get(ROLE_LABEL) != "scene":
        lab.fail(
            expected=expected,
            actual="another container, with the same name",
            reason="replaced",
            why=f"{why} A new container also starts from its image, with none of the earlier changes.",
            next="Press Reset, and change the files of the container that runs.",
        )
    if site.finished_at:
        lab.fail(
            expected=expected,
            actual="it has ended once, and was started again",
            reason="restarted",
            why=why,
            next="Press Reset. A copy needs no restart: the web server reads the file at the next request.",
        )
    orders = lab.eventually(lambda: _get(lab, site, _ORDERS), within=3)
    if orders.status != 200 or not _same(orders.text, _orders(lab)):
        lab.fail(
            expected=f"the open orders at /{_ORDERS}, as they were",
            actual=f"answer {orders.status}, without these orders",
            reason="replaced",
            why=f"{why} A container that was made from a copy of this one has none of them.",
            next="Press Reset, and change one file of the container that runs.",
        )


@exercise.check(points=1)
def others_untouched(lab, site_runs, page_is_new):
    "The other pages are as they were, and nothing else was published"
    for name, content in _others(lab).items():
        answer = lab.eventually(lambda name=name: _get(lab, site_runs, name), within=3)
        if answer.status != 200 or not _same(answer.text, content):
            lab.fail(
                expected=f"/{name} as it was",
                actual=f"answer {answer.status}"
                if answer.status != 200
                else f"other text: {_first_line(answer.text)}",
                reason="other-page-changed",
                why="Whoever repairs one page of a running site leaves the others alone.",
                next="Press Reset, and copy one file to the one place where it belongs.",
            )
    notebooks = ("exercise.ipynb", f"{lab.folder.name}/exercise.ipynb")
    published = [name for name in notebooks if _get(lab, site_runs, name).status == 200]
    if published:
        lab.fail(
            expected="one page of the site to change",
            actual=f"/{published[0]} is served as well",
            reason="more-than-the-page",
            why="Everything in this directory is public. A whole folder often holds files that were never meant to be.",
            next="Remove what you copied too much, and copy the one file only.",
        )
