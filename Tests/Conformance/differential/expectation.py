"""What comes of a stream, whoever reads it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Expectation:
    # ("text", bytes), ("binary", bytes) and ("pong", bytes), in order.
    events: list
    # The code of the Close frame that was received and of the one that was sent, 1005 for none; None without a frame.
    received: int | None
    sent: int | None


@dataclass(frozen=True)
class Outcome(Expectation):
    # "open", "close 1000, 1000" with what was received and sent, "fail 1002 and why".
    end: str
    # This side's half of the transport was closed before the peer's.
    has_ended: bool
    # What an explanation may depend on.
    circumstances: frozenset = frozenset()

    def agrees(self, other, is_server):
        # When a client closes its half is its own choice (§7.1.1): it only has to wait for the server after a handshake.
        return (self.events, self.received, self.sent) == (other.events, other.received, other.sent) and \
            (self.has_ended == other.has_ended or not is_server)

    def is_prefix(self, other):
        """What happened here happened there too, and maybe more."""
        return self.events == other.events[:len(self.events)]

    def __str__(self):
        events = ", ".join(f"{what} {data[:24].hex()}{'…' if len(data) > 24 else ''} ({len(data)})" for what, data in self.events)
        return f"{self.end}; received {self.received}, sent {self.sent}, ended {self.has_ended}; {events or 'no events'}"
