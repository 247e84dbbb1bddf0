"""Reasons why a requirement has no test."""

import json


def read(path):
    """By number. Each must be a sentence of its own, or it explains nothing."""
    reasons = {}
    for number, reason in json.loads(path.read_text(encoding="utf-8")).items():
        if not isinstance(reason, str) or len(reason) < 15:
            raise ValueError(f"{path.name}: {number} has no reason: {reason!r}")
        reasons[int(number)] = reason
    return reasons
