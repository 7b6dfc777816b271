"""Make the course's own Python environment, ``.venv``, and install the course into it.

Run as a file, with any Python that is there: ``python3 checker/bootstrap.py [--dev]``.
It needs nothing but the standard library. A second run finds that nothing has changed and ends at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(extras: str) -> str:
    """Return what the environment was made from; another one means that it must be installed again."""
    wanted = (ROOT / "pyproject.toml").read_bytes() + extras.encode() + str(ROOT).encode()
    return hashlib.sha256(wanted).hexdigest()


def is_current(extras: str) -> bool:
    """Tell whether ``.venv`` already holds the course, at least with these extras."""
    stamp = VENV / "course-installed"
    known = stamp.read_text().split() if stamp.exists() and PYTHON.exists() else []
    return fingerprint(extras) in known


def steps(extras: str) -> list[tuple[str, list[str]]]:
    """Return the commands that make the environment, each with what it does."""
    target = f"{ROOT}[{extras}]" if extras else str(ROOT)
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--allow-existing", "--python", ">=3.11", str(VENV)]
        return [
            ("Making .venv with uv", make),
            (
                "Installing the course and JupyterLab",
                [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "-e", target],
            ),
        ]
    if sys.version_info < (3, 11):
        sys.exit(
            "course: this is Python {}.{}, and the course needs 3.11 or newer.\n"
            "Next: install a newer Python, or install uv, which brings one.".format(*sys.version_info[:2])
        )
    return [
        ("Making .venv", [sys.executable, "-m", "venv", str(VENV)]),
        (
            "Installing the course and JupyterLab (about a minute)",
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", target],
        ),
    ]


def run(text: str, command: list[str]) -> None:
    """Run one step; where it fails, say what to do and end with status 1."""
    print(f"{text} …", flush=True)
    started = time.monotonic()
    if subprocess.run(command, check=False).returncode:
        advice = "read the lines above"
        if "venv" in command and command[0] == sys.executable:
            advice += "; on Debian and Ubuntu, `sudo apt install python3-venv` brings what is missing"
        sys.exit(f"course: this step failed: {' '.join(command)}\nNext: {advice}.")
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Bring ``.venv`` up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    extras = "dev" if parser.parse_args().dev else ""
    if is_current(extras):
        return
    for text, command in steps(extras):
        run(text, command)
    # With the tests' packages the learner's are there too.
    made = {fingerprint(extras), fingerprint("")}
    (VENV / "course-installed").write_text("\n".join(sorted(made)) + "\n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
