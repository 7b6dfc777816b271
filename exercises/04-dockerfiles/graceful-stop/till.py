"""A till. It counts sales until somebody presses Ctrl-C, and then writes what it has counted."""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

NUMBER = "till 4"
sales = 0


def receipt(number: str, count: int) -> str:
    """Return what the tax office wants to see under the last line."""
    return hashlib.sha256(f"{number}/{count}".encode()).hexdigest()[:12]


def close(*_: object) -> None:
    """Write the last line, and end. Ctrl-C sends the signal INT."""
    print(f"closed after {sales} sales, receipt {receipt(NUMBER, sales)}", flush=True)
    sys.exit(0)


signal.signal(signal.SIGINT, close)
program = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
print(f"open with {os.environ['DRAWER']} coins, program {program}", flush=True)
while True:
    time.sleep(0.05)
    sales += 1
