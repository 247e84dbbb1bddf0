"""wstest and the two programs under test: runs chosen cases and hands back the suite's report."""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from processes import Failure, Process, free_port

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
ENVIRONMENT = ROOT / ".build" / "venv-autobahn"
WSTEST = ENVIRONMENT / "bin" / "wstest"
REPORTS = ROOT / ".build" / "autobahn"
AGENT = "martlet"
MAXIMUM_MESSAGE = str(32 << 20)
LIST_CASES = """
import json, sys
from autobahntestsuite.case import Cases, CaseCategories, CaseSubCategories
from autobahntestsuite.caseset import CaseSet
spec = json.loads(sys.argv[1])
print(json.dumps(CaseSet("WebSocket", "Case", Cases, CaseCategories, CaseSubCategories).parseSpecCases(spec)))
"""


def set_up():
    subprocess.run([HERE / "setup.sh", ENVIRONMENT], check=True, timeout=600)


def program(variable, product):
    path = Path(os.environ.get(variable, ROOT / ".build" / "release" / product)).absolute()
    if not os.access(path, os.X_OK):
        raise Failure(f"there is no program {path}: swift build -c release --product {product}, or name one in ${variable}")
    return path


def selection(cases, exclude):
    return {"cases": cases, "exclude-cases": exclude, "exclude-agent-cases": {}}


def case_ids(cases, exclude):
    """Which cases the suite itself has for these patterns."""
    spec = json.dumps(selection(cases, exclude))
    listed = subprocess.run([ENVIRONMENT / "bin" / "python", "-W", "ignore", "-c", LIST_CASES, spec],
                            check=True, stdout=subprocess.PIPE, timeout=60)
    return json.loads(listed.stdout)


def written(name, folder, content):
    path = folder / name
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path


@contextlib.contextmanager
def serving(folder):
    """`martlet serve`, which is under test, and its port."""
    with Process("martlet serve", program("MARTLET", "martlet"), "serve", "--host", "127.0.0.1", "--port", "0",
                 "--max-message-size", MAXIMUM_MESSAGE, log=folder / "martlet.log", folder=folder) as server:
        yield server.await_output(re.compile(r"\A.*http://127\.0\.0\.1:(\d+)/"))[1]
        server.stop()


def run_suite_as_client(port, cases, exclude, folder, deadline):
    servers = [{"agent": AGENT, "url": f"ws://127.0.0.1:{port}/echo"}]
    spec = written("spec.json", folder, {"outdir": "./report", "servers": servers, **selection(cases, exclude)})
    with Process("wstest", WSTEST, "-m", "fuzzingclient", "-s", spec, log=folder / "wstest.log", folder=folder) as suite:
        suite.await_success(deadline)


def run_server(cases, exclude, folder, deadline):
    with serving(folder) as port:
        run_suite_as_client(port, cases, exclude, folder, deadline)


def run_http2(cases, exclude, folder, deadline):
    """The server again; what the suite sends becomes WebSockets over HTTP/2, all on one connection."""
    with serving(folder) as port:
        with Process("bridge", sys.executable, "-B", HERE / "bridge.py", port, log=folder / "bridge.log", folder=folder) as bridge:
            bridged = bridge.await_output(re.compile(r"listening on port (\d+)"))[1]
            run_suite_as_client(bridged, cases, exclude, folder, deadline)
            bridge.stop()
            carried = int(bridge.await_output(re.compile(r"carried (\d+) WebSockets on one connection"))[1])
        if carried < len(case_ids(cases, exclude)):
            raise Failure(f"only {carried} WebSockets came over HTTP/2")


def run_client(cases, exclude, folder, deadline):
    """The suite is the server, the autobahn-client of this package is under test."""
    client_program = program("AUTOBAHN_CLIENT", "autobahn-client")
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    spec = written("spec.json", folder, {"outdir": "./report", "url": url, **selection(cases, exclude)})
    with Process("wstest", WSTEST, "-m", "fuzzingserver", "-u", "0", "-s", spec, log=folder / "wstest.log", folder=folder) as suite:
        suite.await_port(port)
        with Process("autobahn-client", client_program, url, AGENT, log=folder / "client.log", folder=folder) as client:
            client.await_success(deadline)
        suite.stop()


RUNS = {"server": run_server, "client": run_client, "http2": run_http2}


def report(role, cases, exclude, deadline):
    """Runs the cases. By case: behavior, behaviorClose, the peer's close code and those the suite would take, seconds."""
    folder = REPORTS / role
    REPORTS.mkdir(parents=True, exist_ok=True)
    with open(REPORTS / f"{role}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another run of this kind ({role}) is under way") from None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        began = time.monotonic()
        RUNS[role](cases, exclude, folder, deadline)
    print(f"{role}: the suite ran for {time.monotonic() - began:.1f} s; its report is in {(folder / 'report').relative_to(ROOT)}")
    return read_report(folder / "report")


def read_report(folder):
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    if list(index) != [AGENT]:
        raise Failure(f"the report is about {list(index)} instead of {AGENT}")
    results = {}
    for case, entry in index[AGENT].items():
        details = json.loads((folder / entry["reportfile"]).read_text(encoding="utf-8"))
        results[case] = {"behavior": entry["behavior"], "behaviorClose": entry["behaviorClose"],
                         "closeCode": entry["remoteCloseCode"], "closeCodesTaken": details["expectedClose"]["closeCode"],
                         "seconds": entry["duration"] / 1000}
    return results
