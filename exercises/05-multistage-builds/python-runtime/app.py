"""Prints the weight of all parcels: `python app.py 200 350`."""

import sys
from importlib.metadata import PackageNotFoundError, version

import weigh


def installed():
    """Return the version of weigh that is installed as a package."""
    try:
        return version("weigh")
    except PackageNotFoundError:
        return "not installed as a package"


print(f"{weigh.total(int(grams) for grams in sys.argv[1:])} g, {weigh.mark()}, weigh {installed()}")
