"""A file that a container serves to its own log."""

from checker import Exercise, Failure, Hints

exercise = Exercise(
    "01-small/page",
    title="Mend the page",
    minutes=5,
    skills=["file.mend"],
    docs=["Bind mounts"],
    hints=Hints("Look at the title.", "A title has an end tag.", "The end tag of a title lacks a sign."),
    answer="files",
    edits=["page.html", "parts/*"],
    timeout=20,
)


@exercise.check(points=0)
def page(lab):
    "There is a page"
    return lab.text("page.html")


@exercise.check(points=1)
def title_ends(lab, page):
    "Its title ends"
    if "</title>" not in page:
        raise Failure(
            expected="a title that ends",
            actual="one that does not",
            reason="open-title",
            why="Without its end, all that follows belongs to the title.",
            next="Look at the sign before title.",
        )
