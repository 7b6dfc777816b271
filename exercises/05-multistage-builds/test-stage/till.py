"""The till: prints what a customer pays for some pieces of one price."""

import sys

SHOP = "Corner shop"


def total(cents: int, pieces: int) -> int:
    """Return the price of all pieces. Each third piece is free."""
    return cents * (pieces - pieces // 3)


if __name__ == "__main__":
    price, number = map(int, sys.argv[1:])
    print(f"{SHOP}: {total(price, number)} cents")
