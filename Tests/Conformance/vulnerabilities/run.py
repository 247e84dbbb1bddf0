#!/usr/bin/env python3
"""The classes of holes that WebSocket software has had, each tried on one `martlet serve` with its defaults.

    MARTLET=.build/release/martlet python3 Tests/Conformance/vulnerabilities/run.py [CLASS …]

SECURITY.md has the table of all classes: those that are not here are tried by unit tests, whose names say the class.
Linux (memory is read from /proc). The last line counts the tests.
"""

import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))
sys.dont_write_bytecode = True

import attacks  # noqa: E402
import slowness  # noqa: E402
import stalling  # noqa: E402
from harness import Server, equal  # noqa: E402
from victim import health  # noqa: E402


def tests(wanted):
    """Functions whose names begin with class_, in order of their numbers."""
    found = {name: function for module in (attacks, slowness, stalling)
             for name, function in inspect.getmembers(module, inspect.isfunction) if name.startswith("class_")}
    return [(name, found[name]) for name in sorted(found) if not wanted or name.split("_")[1] in wanted]


def attempt(name, function):
    """A fresh server with its defaults for each, which must be there afterwards and say nothing."""
    try:
        with Server(*getattr(function, "options", ())) as server:
            function(server)
            health(server)
            equal(server.stop(), 0, "exit status after SIGTERM")
            equal(server.error_text(), "", "standard error")
    except Exception as error:
        print(f"FAIL {name}\n     {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok   {name}", flush=True)
    return True


def main(wanted):
    results = [attempt(name, function) for name, function in tests(wanted)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main({f"{int(number):02}" for number in sys.argv[1:]}))
