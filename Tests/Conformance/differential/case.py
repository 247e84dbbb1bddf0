"""One case: what was agreed on, and the reads that a connection gets. Written as Tests/Conformance/DifferentialCore reads it."""

import struct
from dataclasses import dataclass

from expectation import Expectation


@dataclass(frozen=True)
class Agreement:
    """permessage-deflate as the side under test sees it (RFC 7692 §7.1)."""
    send_window_bits: int
    receive_window_bits: int
    send_takeover: bool
    receive_takeover: bool


@dataclass(frozen=True)
class Case:
    name: str
    is_server: bool
    agreement: Agreement | None
    message_limit: int
    frame_limit: int
    reads: list[bytes]
    # What must come of it; None if the stream was spoiled.
    expectation: Expectation | None

    @property
    def encoded(self):
        agreed = self.agreement or Agreement(15, 15, True, True)
        head = struct.pack("!BBBBBBIII", not self.is_server, self.agreement is not None, agreed.send_window_bits, agreed.receive_window_bits,
                           agreed.send_takeover, agreed.receive_takeover, self.message_limit, self.frame_limit, len(self.reads))
        return head + b"".join(struct.pack("!I", len(read)) + read for read in self.reads)

    def __str__(self):
        role = "server" if self.is_server else "client"
        reads = " ".join(read.hex() for read in self.reads)
        shown = reads if len(reads) < 3000 else f"{reads[:2000]}… ({len(reads)} characters)"
        return f"{self.name}: {role}, {self.agreement}, limits {self.message_limit} and {self.frame_limit}, reads {shown}"
