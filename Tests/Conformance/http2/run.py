#!/usr/bin/env python3
"""HTTP/2 conformance tests: exact frames to and from `martlet serve`, and `martlet connect` (RFC 8441, RFC 9113).

    pip install -r Tests/Conformance/http2/requirements.txt        and the commands openssl, curl, nghttp, h2load, nginx and haproxy
    MARTLET=.build/release/martlet python3 Tests/Conformance/http2/run.py [part of a name ...]
    python3 Tests/Conformance/http2/run.py --list

The last line counts the tests.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "raw")]

import cases  # noqa: E402
import certificate  # noqa: E402
import connect_cases  # noqa: E402
import edge_cases  # noqa: E402
import front  # noqa: E402
import harness  # noqa: E402

TABLES = (cases, edge_cases, front)
# Tests mostly wait; many more at once would only make deadlines tight.
AT_ONCE = 8
PRINTING = threading.Lock()


class Server(harness.Server):
    """One for each case: some end it, some measure its memory."""

    def resident(self):
        """Memory in KiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise harness.Failure("the server has ended")


def on_a_server(function):
    def play():
        with Server() as server:
            function(server)
            # Some cases end it themselves.
            if server.process.poll() is None:
                harness.equal(server.stop(), 0, "exit status after SIGTERM")
            harness.equal(server.error_text(), "", "standard error")
    return play


def run(test):
    name, function = test
    began = time.monotonic()
    try:
        function()
        problem = None
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    with PRINTING:
        print(f"FAIL {name}: {problem}" if problem else f"ok   {name} ({time.monotonic() - began:.2f} s)", flush=True)
    return problem is None


def main(names):
    def chosen(tests):
        return [test for test in tests if not names or any(part in test[0] for part in names)]

    tests = chosen((name, on_a_server(function)) for table in TABLES for name, _, function in table.CASES)
    tests += chosen((name, function) for name, _, function in connect_cases.CASES)
    with certificate.made() as (path, key):
        with Server("--tls-certificate", path, "--tls-key", key) as secure, ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(run, tests + chosen(cases.over_tls(secure, path))))
    if not results:
        print("FAIL no test has such a name")
        results = [False]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


def listed():
    """For scripts/conformance: each case, where it is written, and the requirements that it shows."""
    return [[name, f"Tests/Conformance/http2/{table.__name__}.py", list(numbers)] for table in (*TABLES, connect_cases)
            for name, numbers, _ in table.CASES]


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print(json.dumps(listed()))
        sys.exit(0)
    sys.exit(main(sys.argv[1:]))
