"""Frames as values that can be spoiled before they become bytes."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "raw"))

import frames  # noqa: E402
from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body  # noqa: E402, F401


@dataclass
class Frame:
    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    # None for a frame that is not masked.
    key: bytes | None = None
    # The length that the header claims, and the bits it takes; None for the true one, in the fewest bits.
    length: int | None = None
    width: int | None = None

    @property
    def is_control(self):
        return self.opcode >= 8

    @property
    def encoded(self):
        return frames.frame(self.opcode, self.payload, self.fin, self.rsv, self.key, self.length, self.width)
