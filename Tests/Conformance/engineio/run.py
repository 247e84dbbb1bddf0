#!/usr/bin/env python3
"""Conformance tests of Engine.IO v4, against `martlet conformance-server`.

    MARTLET=.build/release/martlet python3 Tests/Conformance/engineio/run.py [suite|further] [part of a name ...]

Python 3.11 or later and the package websockets. The last line counts the tests.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from importlib import import_module
from inspect import getmembers, iscoroutinefunction
from pathlib import Path

from wire import Server

ROOT = Path(__file__).resolve().parents[3]
MARTLET = os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet"))
PARTS = {"suite": "suite_cases", "further": "further_cases"}
# Tests mostly wait; the waits of the suite are short, so few run at once.
AT_ONCE = 4
DEADLINE = 30


def cases(module):
    module = import_module(module)
    found = [case for _, case in getmembers(module, iscoroutinefunction) if case.__module__ == module.__name__]
    return sorted((case for case in found if "server" == case.__code__.co_varnames[0] and case.__code__.co_argcount == 1
                   and not case.__code__.co_flags & 0x08), key=lambda case: case.__code__.co_firstlineno)


async def run(case, server, places):
    async with places:
        began = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                await case(server)
            problem = None
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    name = case.__name__.replace("_", " ")
    print(f"FAIL {name}: {problem}" if problem else f"ok   {name} ({time.monotonic() - began:.2f} s)", flush=True)
    return problem is None


async def run_all(chosen, port):
    places = asyncio.Semaphore(AT_ONCE)
    server = Server(port)
    return await asyncio.gather(*(run(case, server, places) for case in chosen))


def main(arguments):
    parts = [argument for argument in arguments if argument in PARTS] or list(PARTS)
    names = [argument.replace(" ", "_") for argument in arguments if argument not in PARTS]
    chosen = [case for part in parts for case in cases(PARTS[part])
              if not names or any(name in case.__name__ for name in names)]
    if not chosen:
        print("FAIL no test has such a name\n0 passed, 1 failed")
        return 1
    process = subprocess.Popen([MARTLET, "conformance-server", "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://[^ ]*:(\d+)/", line)
        if not found:
            print(f"FAIL the server said {line!r}\n0 passed, 1 failed")
            return 1
        results = asyncio.run(run_all(chosen, int(found[1])))
        process.terminate()
        results.append(process.wait(15) == 0)
        print("ok   the server shuts down in order" if results[-1] else "FAIL the server does not shut down in order")
    finally:
        process.kill()
        process.wait()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
