#!/usr/bin/env python3
"""Raw conformance tests: exact bytes to and from `martlet serve` and `martlet connect`.

    MARTLET=.build/release/martlet python3 Tests/Conformance/raw/run.py [server|client] [part of a name ...]

Python 3.11 or later, nothing else but the openssl command, which makes a certificate. The last line counts the tests.
"""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import harness

harness.OPTIONS.append("--no-compression")
PARTS = {"server": "server_tests", "client": "client_tests"}
# Tests mostly wait; many more at once would only make deadlines tight.
AT_ONCE = 8
PRINTING = threading.Lock()


def run(test):
    began = time.monotonic()
    try:
        test.function()
        problem = None
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    with PRINTING:
        print(f"FAIL {test.name}: {problem}" if problem else f"ok   {test.name} ({time.monotonic() - began:.2f} s)", flush=True)
    return problem is None


def main(arguments):
    parts = [argument for argument in arguments if argument in PARTS] or list(PARTS)
    names = [argument for argument in arguments if argument not in PARTS]
    results = []
    for part in parts:
        for tests in import_module(PARTS[part]).batches():
            chosen = [test for test in tests if not names or any(name in test.name for name in names)]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                results += pool.map(run, chosen)
    if not results:
        print("FAIL no test has such a name")
        results = [False]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
