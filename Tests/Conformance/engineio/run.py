#!/usr/bin/env python3
"""Conformance tests of Engine.IO v4 and Socket.IO v5, against `martlet conformance-server` and, for what needs time, `martlet
serve`.

    MARTLET=.build/release/martlet python3 Tests/Conformance/engineio/run.py [suite|socketio|further|load] [part of a name ...]

The published suites, `suite` and `socketio`, pass five times in a row. Python 3.11 or later and the package websockets. The
last line counts the tests.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib import import_module
from inspect import getmembers, iscoroutinefunction, signature
from pathlib import Path

from wire import Failure, Server

ROOT = Path(__file__).resolve().parents[3]
MARTLET = os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet"))
PARTS = {
    "suite": ("suite_cases", "conformance-server", "/engine.io/", 5),
    "socketio": ("socketio_cases", "conformance-server", "/socket.io/", 5),
    "further": ("further_cases", "conformance-server", "/engine.io/", 1),
    "load": ("load_cases", "serve", "/engine.io/", 1),
}
# Tests mostly wait; the waits of the suite are short, so few run at once.
AT_ONCE = 4
DEADLINE = 60


def cases(module):
    """The tests of a module, in the order in which they stand there: what takes only a server."""
    module = import_module(module)
    found = [case for _, case in getmembers(module, iscoroutinefunction)
             if case.__module__ == module.__name__ and list(signature(case).parameters) == ["server"]]
    return getattr(module, "SESSION_CASES", []) + sorted(found, key=lambda case: case.__code__.co_firstlineno)


@contextmanager
def running(command, path):
    """A server on a free port; fails if it does not come up, or does not go down in order."""
    process = subprocess.Popen([MARTLET, command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = re.search(r"http://[^ ]*:(\d+)/", line)
        if not found:
            raise Failure(f"the server said {line!r}")
        yield Server(int(found[1]), path)
        process.terminate()
        status = process.wait(15)
        if status != 0:
            raise Failure(f"the server ended with status {status}")
    finally:
        process.kill()
        process.wait()


def report(name, problem, seconds):
    print(f"FAIL {name}: {problem}" if problem else f"ok   {name} ({seconds:.2f} s)", flush=True)
    return not problem


async def run(case, server, places):
    async with places:
        began = time.monotonic()
        try:
            async with asyncio.timeout(DEADLINE):
                await case(server)
            problem = None
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
    return report(case.__name__.replace("_", " "), problem, time.monotonic() - began)


async def run_all(chosen, server):
    places = asyncio.Semaphore(AT_ONCE)
    return await asyncio.gather(*(run(case, server, places) for case in chosen))


def run_part(chosen, command, path, rounds):
    began = time.monotonic()
    results = []
    try:
        with running(command, path) as server:
            for _ in range(rounds):
                results += asyncio.run(run_all(chosen, server))
        problem = None
    except (Failure, OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    return results + [report(f"martlet {command} comes up and goes down in order", problem, time.monotonic() - began)]


def main(arguments):
    parts = [argument for argument in arguments if argument in PARTS] or list(PARTS)
    names = [argument.replace(" ", "_") for argument in arguments if argument not in PARTS]
    results = []
    for part in parts:
        module, command, path, rounds = PARTS[part]
        chosen = [case for case in cases(module) if not names or any(name in case.__name__ for name in names)]
        if chosen:
            results += run_part(chosen, command, path, rounds)
    if not results:
        print("FAIL no test has such a name")
        results = [False]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
