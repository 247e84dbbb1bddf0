"""The numbered lines of docs/requirements.md. Those behind the heading `# As far as tested` may be cited, but need no test."""

import re
from dataclasses import dataclass

ROLES = {"C": "client", "S": "server", "B": "both", "I": "intermediary"}
LEVELS = {"M": "must", "S": "should", "m": "may", "D": "hardening"}
LINE = re.compile(r"(\d+)\. \[([CSBI])\|([MSmD])\|([^\]]*)\] (.+)")


@dataclass(frozen=True)
class Requirement:
    number: int
    section: str
    text: str
    who: str
    level: str
    is_demanded: bool = True


def parse(text):
    found, section, is_demanded = [], None, True
    for line in text.splitlines():
        if line == "# As far as tested":
            is_demanded = False
        elif line.startswith("## "):
            section = line[3:].strip()
        elif re.match(r"\d+\.", line):
            match = LINE.fullmatch(line)
            if not match or section is None:
                raise ValueError(f"this is no requirement, or in no section: {line}")
            number, role, level, _, content = match.groups()
            found.append(Requirement(int(number), section, content, ROLES[role], LEVELS[level], is_demanded))
    numbers = [requirement.number for requirement in found]
    if not found or len(set(numbers)) != len(numbers):
        raise ValueError("there are no requirements, or two have the same number")
    return found


def read(path):
    return parse(path.read_text(encoding="utf-8"))
