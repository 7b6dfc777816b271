"""Tide tables: raw measurements are removed by a later line, and stay in the image."""

import re

from checker import Exercise, Hints, Owns

_FETCHED = "head -c 6000000 /dev/urandom"  # what stands for the download in tides.sh
_CURVES = 1_500_000  # bytes that the finished image needs
_MOST = 2.5 * _CURVES  # with room for one more copy of them, and none for the measurements

exercise = Exercise(
    "03-images/slim-the-image",
    title="The line that saves the most",
    minutes=15,
    core=False,
    objectives=[
        "Predict which Dockerfile makes the smallest image",
        "Change the one line that saves the most",
    ],
    images=["busybox"],
    owns=Owns(images=["c03-tides:1.0", "c03-tides:a", "c03-tides:b", "c03-tides:c"]),
    answer="files",
    edits=["Dockerfile"],
    skills=["image.slim", "image.history"],
    docs=["Building best practices: RUN", "docker image history", "Understanding the image layers"],
    hints=Hints(
        "For each RUN ask: which files are there when this line is done? All that it has written is in its layer.",
        "A file that one line writes and a later line removes stays in the first line's layer. "
        "A file that never outlives its own line is in no layer.",
        "`&&` joins commands of one RUN. The measurements must be gone before the line that fetches them is done.",
        when={
            "deleted-later": "Look at the two lines that have to do with `raw`. How many layers do they make?",
            "copied-again": "To change a file's mode, a layer takes a whole copy of it. "
            "But the other line costs four times as much.",
            "not-the-smallest": "Write down for each proposal what lies in the folder when each RUN is done. Add that up.",
        },
    ),
    passed="What is written and removed within one line is in no layer. The number of lines was never the point.",
    timeout=60,
)


@exercise.check(points=1, observes=True)
def predicted(lab):
    "Which of the three proposals makes the smallest image"
    value = lab.answer("smallest")
    letters = set(re.findall(r"(?<![a-z0-9])[abc](?![a-z0-9])", str(value).lower()))
    if len(letters) != 1:
        lab.fail(
            expected="one of the proposals a, b and c",
            actual=f"`{str(value)[:40]}`",
            reason="no-answer",
            next="Hand in its letter.",
        )
    why = {
        "a": "Its measurements are in the layer of the first RUN. The second RUN hides them, "
        "and takes one more copy of the curves to change their mode. Fewer lines are not fewer bytes.",
        "c": "When its first RUN is done, the measurements are there, so they are in that layer. "
        "However soon the next line removes them, it is another layer.",
    }
    letter = letters.pop()
    if letter != "b":
        lab.fail(
            expected="the proposal that makes the smallest image",
            actual=f"proposal {letter}",
            reason="not-the-smallest",
            why=why[letter],
            next="`docker build --file proposals/a.Dockerfile --tag c03-tides:a .` builds one. Compare all three.",
        )


@exercise.check(points=0)
def built(lab):
    "Your Dockerfile builds, also with a new station in the list and new measurements"
    folder = lab.copy()
    listed = folder / "stations.txt"
    stations = [*listed.read_text(encoding="utf-8").split("\n")[:-1], f"Pier {lab.unforeseen('pier')}"]
    listed.write_text("\n".join([*stations, ""]), encoding="utf-8")
    script, mark = folder / "tides.sh", lab.unforeseen("fetched")
    fetching = script.read_text(encoding="utf-8").replace(_FETCHED, f"(printf {mark}; {_FETCHED})")
    script.write_text(fetching, encoding="utf-8")
    return lab.build(folder).image, stations, mark


@exercise.check(points=2)
def small(lab, built):
    "The image no longer carries the measurements"
    image, *_ = built
    base = lab.image("busybox")
    saved = lab.saved(image)
    above = saved.above(base.diff_ids)
    total = sum(layer.size for layer in above)
    if total <= _MOST:
        return
    if not image.builds_on(base):
        wasted, reason, why = (
            "",
            "other-base",
            "Each base brings its own files, and this one was the smallest.",
        )
    else:
        wasted, reason, why = _wasted(saved, above)
    lab.fail(
        expected=f"at most {_MOST / 1e6:.1f} MB above the base; the curves need {_CURVES / 1e6:.1f}",
        actual=f"{total / 1e6:.1f} MB{wasted}",
        reason=reason,
        why=why,
        next="`docker image history` shows what each line has added. Which one adds the most, and which file is it?",
    )


def _wasted(saved, above):
    """Say which file of the layers takes the most, without being needed there."""
    layer, path, size = max(
        ((layer, path, entry.size) for layer in above for path, entry in layer.entries.items()),
        key=lambda one: one[2],
    )
    made = [step.created_by for step in saved.history if step.layer]
    where = f"; {size / 1e6:.1f} of them are {path}"
    if len(made) == len(saved.layers):  # a base without a history of its own would shift the rows
        line = made[saved.layers.index(layer)].replace("/bin/sh -c ", "").removesuffix(" # buildkit")
        where += f", in the layer of `{line[:70]}`"
    seen = saved.visible(path)
    if seen and seen.size >= size:
        return (
            where,
            "kept",
            "Nobody needs this file once the curves are made. It is still in the finished image.",
        )
    what, how = ("writes this file anew", "written over") if seen else ("deletes this file", "deleted")
    why = f"A later line {what}. That only hides it: the layer was finished before, and keeps it."
    return f"{where}, and {how} later", "deleted-later", why


@exercise.check(points=1)
def behaves(lab, built, small):
    "The image shows the same tables as before"
    image, stations, mark = built
    ran = lab.run(image)
    expected = [f"high water at {one}: {len(one.encode())}:30" for one in stations] + [
        f"curves: {_CURVES} bytes"
    ]
    if ran.exit_code or ran.stdout.split("\n")[:-1] != expected:
        shown = (ran.stdout + ran.stderr).strip().split("\n")[-1][:80]
        lab.fail(
            expected=f"a line for each station, also for {stations[-1]}, and `{expected[-1]}`",
            actual=f"exit code {ran.exit_code}, and in the end `{shown}`",
            reason="changed-behaviour",
            why="A smaller image that does less is another program. The stations are read while the image is built.",
            next="Compare with the Dockerfile that you were given: which file is missing now?",
        )
    saved = lab.saved(image)
    made = [
        path for path in saved.paths() if path.endswith("/data/curves") and saved.visible(path).kind == "file"
    ]
    if any(not saved.holding(path)[-1].read(path).startswith(mark.encode()) for path in made):
        lab.fail(
            expected="curves that are made from the measurements",
            actual="curves of other bytes",
            reason="other-curves",
            why="The measurements are needed while the image is built. Nobody needs them afterwards.",
            next="Let `sh tides.sh fetch` bring them, and remove them in the same line.",
        )


@exercise.check(points=1)
def protected(lab, built, small, behaves):
    "Nobody has the right to write the tables and curves"
    image, *_ = built
    saved = lab.saved(image)
    files = {path: entry for path in saved.paths() if (entry := saved.visible(path)).kind == "file"}
    for name in ("curves", "table"):
        made = {path: entry for path, entry in files.items() if path.endswith(f"/data/{name}")}
        if not made or (name == "curves" and _CURVES not in {entry.size for entry in made.values()}):
            lab.fail(
                expected=f"the {name} in the image, as the file data/{name}",
                actual="another number of bytes" if made else "no such file",
                reason="not-in-the-image",
                why="A container that makes its own files may write them as well. "
                "And each container takes the time to make them anew.",
                next="Let a line of the Dockerfile make the file, while the image is built.",
            )
        for path, entry in made.items():
            if entry.mode & 0o222:
                lab.fail(
                    expected=f"{path} without the right to write it",
                    actual=f"mode {entry.mode & 0o777:o}",
                    reason="not-protected",
                    why="The line with chmod has a purpose, whatever it costs. "
                    "It may move to another line. Then it even costs less.",
                    next="Put chmod back, in a line of its own or where the files are written.",
                )
