"""The differences that are known, each with its reason: explained.json."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("explained.json")


@dataclass(frozen=True)
class Explanation:
    name: str
    # Who does what the RFC says: "martlet", "websockets", or "both" where it leaves the choice.
    right: str
    section: str
    reason: str
    # What each side's end must look like, whole.
    martlet: re.Pattern
    websockets: re.Pattern
    # A circumstance that the reference core must have seen; empty if none is needed.
    circumstance: str
    # Up to where both went on they must have told the same, unless this is set. Behind a last block `websockets` delivers
    # nothing, whatever the stream ends with.
    differs_in_content: bool
    # The Close frames must be the same nevertheless.
    same_codes: bool

    def covers(self, ours, theirs):
        return (self.martlet.fullmatch(ours.end) and self.websockets.fullmatch(theirs.end)
                and (not self.circumstance or self.circumstance in theirs.circumstances)
                and (not self.same_codes or (ours.received, ours.sent) == (theirs.received, theirs.sent))
                and (self.differs_in_content or "final block" in theirs.circumstances or ours.is_prefix(theirs) or theirs.is_prefix(ours)))


def load(file=FILE):
    return [Explanation(entry["name"], entry["right"], entry["section"], entry["reason"], re.compile(entry["martlet"]),
                        re.compile(entry["websockets"]), entry.get("circumstance", ""), entry.get("differs in content", False), entry.get("same codes", False))
            for entry in json.loads(file.read_text(encoding="utf-8"))]
