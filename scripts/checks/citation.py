"""A test that cites requirements."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Citation:
    name: str
    file: str
    numbers: tuple
    is_disabled: bool = False
