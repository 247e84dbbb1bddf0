"""Holds a report against what is expected of it."""

import close_codes

GOOD = ("OK", "INFORMATIONAL")


def problems(role, case, result, expected):
    """What is wrong with one case; an empty list if nothing is."""
    if result is None:
        return ["it is not in the report"]
    found = [result["behavior"], result["behaviorClose"]]
    wrong = [f"{what} is {value}" for what, value in zip(("behavior", "behaviorClose"), found) if value not in GOOD]
    if not wrong and expected is None:
        wrong.append("nothing is recorded for it")
    if not wrong and found != expected:
        wrong.append(f"{found} instead of {expected}, as recorded")
    code = close_codes.exact(case, role, result["closeCodesTaken"])
    if result["closeCode"] != code:
        wrong.append(f"close code {result['closeCode']} instead of {code}")
    return wrong


def judge(role, suite_cases, results, expectation):
    """By case what is wrong with it. Cases: those of the suite, of the report, and nothing else."""
    judged = {case: problems(role, case, results.get(case), expectation.get(case)) for case in suite_cases}
    for case in results:
        if case not in judged:
            judged[case] = ["the report has it, but it was not chosen"]
    return judged


def gone(expectation, all_cases):
    """Recorded cases that the suite does not have at all."""
    return [case for case in expectation if case not in all_cases]
