"""Prints the dish of a day: `python menu.py monday`."""

import os
import sys
import traceback
from pathlib import Path


def dish(day):
    """Return the dish of this day."""
    lines = Path(__file__).with_name("dishes.txt").read_text("utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)[day]


def main(day):
    """Print the dish; without one, say so in the way of this image's mode."""
    try:
        print(f"{dish(day)} (release {os.environ.get('RELEASE', '')})")
    except KeyError:
        if os.environ.get("MENU_MODE") == "debug":
            traceback.print_exc()
        else:
            print(f"No dish for {day}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
