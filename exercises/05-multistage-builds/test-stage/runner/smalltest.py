"""A small test runner: `python runner/smalltest.py tests` ends with exit code 1 where a test fails."""

import importlib.util
import sys
from pathlib import Path

sys.dont_write_bytecode = True


def equal(actual, expected):
    """Fail unless the two are equal."""
    if actual != expected:
        raise AssertionError(f"expected {expected}, got {actual}")


def tests(folder):
    """Yield the name and the function of each test in the folder."""
    for path in sorted(Path(folder).glob("test_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from ((name, found) for name, found in vars(module).items() if name.startswith("test_"))


def main(folder):
    """Run all tests, say which failed, and return the exit code."""
    sys.path.insert(0, ".")
    failed, number = 0, 0
    for name, test in tests(folder):
        number += 1
        try:
            test()
        except AssertionError as error:
            failed += 1
            print(f"FAILED {name}: {error}")
    print(f"{number} tests, {failed} failed")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
