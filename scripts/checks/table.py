"""The document, and what is wrong with what it is made of."""

import html
import re
from itertools import groupby

# More than so many tests of one file are counted, not named.
NAMED = 4
PIPE = "\\|"
INTRODUCTION = """# Conformance

Each requirement of [requirements.md](requirements.md) and the tests that show it, or the reason why none does.
Written by `scripts/conformance` from the tests themselves; `scripts/conformance --check` holds it to them. Beside these,
the [Autobahn suite](../Tests/Conformance/autobahn/run.py) runs against the server and the client.
"""


def gaps(requirements, reasons, tests):
    """Requirements that are demanded, and have neither a test nor a reason."""
    shown = {number for test in tests if not test.is_disabled for number in test.numbers}
    return [requirement for requirement in requirements
            if requirement.is_demanded and requirement.number not in shown | set(reasons)]


def faults(requirements, reasons, tests):
    known = {requirement.number for requirement in requirements}
    shown = {number for test in tests for number in test.numbers}
    found = [f"{number} has a reason, but docs/requirements.md has no such number" for number in sorted(set(reasons) - known)]
    found += [f"{number} has a test, so its reason in docs/conformance-notes.json has to go" for number in sorted(set(reasons) & shown)]
    for number in sorted(shown - known):
        citing = [test for test in tests if number in test.numbers]
        others = f", and {len(citing) - 1} more" if len(citing) > 1 else ""
        found.append(f"docs/requirements.md has no {number}, but “{citing[0].name}” in {citing[0].file} cites it{others}")
    found += [f"“{test.name}” in {test.file} is disabled" for test in tests if test.is_disabled]
    return found


def escaped(text):
    """As text of a table of Markdown, whatever is in it."""
    text = re.sub(r"([\\|*_`\[\]])", r"\\\1", html.escape(text, quote=False))
    return re.sub(r"[\x00-\x1f\x7f]", lambda control: f"\\\\x{ord(control[0]):02x}", text)


def cell(requirement, reasons, tests):
    citing = sorted((test for test in tests if requirement.number in test.numbers), key=lambda test: test.file)
    lines = []
    for file, group in groupby(citing, key=lambda test: test.file):
        names = [test.name for test in group]
        more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"[{file.rsplit('/', 1)[-1]}](../{file}): " + "; ".join(escaped(name) for name in names[:NAMED]) + more)
    if requirement.number in reasons:
        lines.append(f"*{escaped(reasons[requirement.number])}*")
    return "<br>".join(lines) or ("**missing**" if requirement.is_demanded else "–")


def written(requirements, reasons, tests):
    parts = [INTRODUCTION]
    for section, group in groupby(requirements, key=lambda requirement: requirement.section):
        # Its text is Markdown already.
        rows = [f"| {each.number} | {each.text.replace('|', PIPE)} | {each.who}, {each.level} | {cell(each, reasons, tests)} |" for each in group]
        parts.append(f"\n## {section}\n\n| | requirement | who, level | tests |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")
    return "".join(parts)
