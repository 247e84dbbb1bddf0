#!/usr/bin/env python3
"""The same made-up streams into our connection and into the protocol core of python `websockets`: same messages, same
pongs, same close codes, or an entry in explained.json that says who is right and why.

    python3 Tests/Conformance/differential/run.py [--seed SEED] [--count N] [--only NUMBER]

DIFFERENTIAL_CORE names the program that holds our connection. The same seed makes the same streams. What was not spoiled
must also give what its maker put in. With the default seed and count, an entry that explains nothing is reported as stale.
The last line counts the streams and the entries.
"""

import argparse
import sys
from collections import Counter

import core
import explanations
import reference
import stream

SEED, COUNT, BATCH = "martlet", 20_000, 500
SHOWN = 20


class Judge:
    def __init__(self, known):
        self.known = known
        self.used, self.unexplained = Counter(), Counter()
        self.passed = self.failed = self.equal = self.expected = 0

    def judge(self, case, line):
        problem = self.problem(case, line)
        self.passed, self.failed = self.passed + (not problem), self.failed + bool(problem)
        if problem and self.failed <= SHOWN:
            print(f"FAIL {case}\n     {problem}", flush=True)

    def problem(self, case, line):
        """What is wrong with a case, or nothing."""
        try:
            ours = core.outcome(case, line)
        except ValueError as error:
            return str(error)
        if case.expectation:
            self.expected += 1
            wanted = case.expectation
            if (ours.events, ours.received, ours.sent) != (wanted.events, wanted.received, wanted.sent):
                return f"martlet     {ours}\n     should be   {wanted}"
        theirs = reference.verdict(case, ours)
        if ours.agrees(theirs, case.is_server):
            self.equal += 1
            return None
        covering = [entry.name for entry in self.known if entry.covers(ours, theirs)]
        if covering:
            self.used[covering[0]] += 1
            return None
        self.unexplained[f"{ours.end:45} │ {theirs.end}"] += 1
        return f"martlet     {ours}\n     websockets  {theirs} {sorted(theirs.circumstances) or ''}"


def play(cases, judge):
    try:
        for case, line in zip(cases, core.run(cases)):
            judge.judge(case, line)
    except core.Death as death:
        print(f"FAIL {death}", flush=True)
        judge.failed += len(cases)


def main(options):
    judge = Judge(explanations.load())
    numbers = [options.only] if options.only is not None else range(options.count)
    print(f"seed {options.seed}, {len(numbers)} streams", flush=True)
    for start in range(0, len(numbers), BATCH):
        play([stream.case(options.seed, number) for number in numbers[start:start + BATCH]], judge)
    print(f"{judge.equal} streams come out the same; {judge.expected} of them all were not spoiled, and gave what was put in")
    for entry in judge.known:
        print(f"{judge.used[entry.name]:6}  {entry.name} ({entry.right}: {entry.section})")
    for kind, count in judge.unexplained.most_common():
        print(f"{count:6}  UNEXPLAINED {kind}")
    if (options.seed, options.count, options.only) == (SEED, COUNT, None):
        for entry in judge.known:
            stale = not judge.used[entry.name]
            judge.passed, judge.failed = judge.passed + (not stale), judge.failed + stale
            if stale:
                print(f"FAIL stale: nothing needed the explanation \"{entry.name}\"")
    print(f"{judge.passed} passed, {judge.failed} failed")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="differential fuzzing against python websockets")
    parser.add_argument("--seed", default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--only", type=int, metavar="NUMBER", help="one stream of the seed, which a failure names")
    sys.exit(main(parser.parse_args()))
