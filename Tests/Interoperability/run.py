#!/usr/bin/env python3
"""Interoperability: our server with other clients, our client with other servers.

    pip install -r Tests/Interoperability/requirements.txt        and Debian's packages nodejs, node-ws and openssl
    MARTLET=.build/release/martlet python3 Tests/Interoperability/run.py

Each part can be run alone. The last line counts the tests of all.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = {
    "websockets (Python), its client and our server": (sys.executable, "python_client.py"),
    "websockets (Python), its server and our client": (sys.executable, "python_server.py"),
    "ws (Node), its client and our server": ("node", "node_client.js"),
    "ws (Node), its server and our client": ("node", "node_server.js"),
}
# For one part; each test has a shorter one of its own.
DEADLINE = 900


def counts(interpreter, script):
    """Runs a part, shows what it says, and returns how many of its tests passed and failed."""
    last, status = "", None
    # Debian keeps its modules where only its own Node looks.
    modules = os.pathsep.join(filter(None, (os.environ.get("NODE_PATH"), "/usr/share/nodejs")))
    try:
        part = subprocess.Popen(["timeout", "-k", "5", str(DEADLINE), interpreter, HERE / script], stdout=subprocess.PIPE,
                                text=True, env={**os.environ, "NODE_PATH": modules})
        with part:
            for last in part.stdout:
                # Indented: the only line that counts is that of all parts.
                print(f"  {last}", end="", flush=True)
        status = part.returncode
    except OSError as error:
        print(f"FAIL {error}")
    found = re.fullmatch(r"(\d+) passed, (\d+) failed\n", last)
    passed, failed = map(int, found.groups()) if found else (0, 0)
    if not failed and (status != 0 or not passed):
        print(f"FAIL {script} ended with status {status} and {last!r}")
        failed = 1
    return passed, failed


def main():
    totals = [0, 0]
    for name, part in PARTS.items():
        print(f"\n{name}", flush=True)
        totals = [total + count for total, count in zip(totals, counts(*part))]
    print(f"\n{totals[0]} passed, {totals[1]} failed")
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
