#!/usr/bin/env python3
"""The Autobahn test suite, against the server or the client.

    python3 Tests/Conformance/autobahn/run.py server|client|http2 [--cases 1.* 9.* ...] [--exclude 9.3.* ...] [--record]

Each case must be in the report, judged OK or INFORMATIONAL in both respects, as recorded in expected-server.json or
expected-client.json, and closed with exactly the right code. --record writes what it saw there, if there is no fault in it.
With http2 it is the server again, over a bridge that makes WebSockets over HTTP/2 of what the suite sends (it needs the package
h2); the verdicts are those recorded for the server.
The release build is taken, or the programs that $MARTLET and $AUTOBAHN_CLIENT name. The last line counts the cases.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter

import suite
from judging import gone, judge
from processes import Failure

DEFAULT_CASES = ["*"]


def by_number(case):
    return [int(part) for part in case.split(".")]


def tested(role):
    """Which side is under test."""
    return "client" if role == "client" else "server"


def expectation_path(role):
    return suite.HERE / f"expected-{tested(role)}.json"


def read_expectation(role):
    path = expectation_path(role)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_expectation(role, expectation):
    lines = [f"  {json.dumps(case)}: {json.dumps(expectation[case])}" for case in sorted(expectation, key=by_number)]
    expectation_path(role).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def summarize(results):
    for what in ("behavior", "behaviorClose"):
        counted = Counter(result[what] for result in results.values())
        print(f"  {what + ':':15}" + ", ".join(f"{value} {count}" for value, count in counted.most_common()))
    codes = Counter(str(result["closeCode"] or "none") for result in results.values())
    print("  close codes:   " + ", ".join(f"{code} {codes[code]}" for code in sorted(codes)))
    slow = sorted(results, key=lambda case: -results[case]["seconds"])[:3]
    print("  slowest:       " + ", ".join(f"{case} {results[case]['seconds']:.1f} s" for case in slow))


def tell(role, bad):
    """One line for all cases that have the same fault."""
    cases_by_fault = {}
    for case in sorted(bad, key=by_number):
        cases_by_fault.setdefault("; ".join(bad[case]), []).append(case)
    for fault, cases in cases_by_fault.items():
        print(f"FAIL {role} {' '.join(cases)}: {fault}")


def main(arguments):
    suite.set_up()
    all_cases, chosen = suite.case_ids(["*"], []), suite.case_ids(arguments.cases, arguments.exclude)
    if not chosen:
        raise Failure("no case of the suite has such a number")
    results = suite.report(arguments.role, arguments.cases, arguments.exclude, arguments.deadline)
    summarize(results)
    expectation = read_expectation(arguments.role)
    if arguments.record:
        expectation |= {case: [result["behavior"], result["behaviorClose"]] for case, result in results.items()}
    judged = judge(tested(arguments.role), chosen, results, expectation)
    judged |= {case: ["it is recorded, but the suite has no such case"] for case in gone(expectation, all_cases)}
    bad = {case: wrong for case, wrong in judged.items() if wrong}
    tell(arguments.role, bad)
    if arguments.record and bad:
        print("nothing is recorded, because not everything is right")
    elif arguments.record:
        write_expectation(arguments.role, expectation)
    return len(judged) - len(bad), len(bad)


def parsed():
    parser = argparse.ArgumentParser(description="The Autobahn test suite, against the server or the client.")
    parser.add_argument("role", choices=tuple(suite.RUNS))
    parser.add_argument("--record", action="store_true", help="write the expectation, if there is no fault")
    parser.add_argument("--cases", nargs="+", default=DEFAULT_CASES, metavar="PATTERN")
    parser.add_argument("--exclude", nargs="+", default=[], metavar="PATTERN")
    parser.add_argument("--deadline", type=float, default=600, metavar="SECONDS", help="for all cases together")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        passed, failed = main(parsed())
    except (Failure, OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
        print(f"FAIL {type(error).__name__}: {error}")
        passed, failed = 0, 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
