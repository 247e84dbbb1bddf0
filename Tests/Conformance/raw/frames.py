"""Frames of RFC 6455 §5.2: built right or wrong on purpose, and read strictly."""

import struct
from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
KEY = bytes.fromhex("37fa213d")


class Violation(Exception):
    """The other side sent what is no correct frame."""


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes
    fin: bool = True
    key: bytes | None = None

    @property
    def is_control(self):
        return self.opcode >= 0x8

    @property
    def code(self):
        """The code of a Close frame; None if its body is empty."""
        return struct.unpack("!H", self.payload[:2])[0] if self.payload else None

    def __str__(self):
        names = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
        shown = f"{self.payload[:60]!r}" + ("…" if len(self.payload) > 60 else "")
        code = f" {self.code}" if self.opcode == CLOSE else ""
        return f"{names[self.opcode]}{code}{'' if self.fin else ' without FIN'} of {len(self.payload)} bytes {shown}"


def mask(payload, key):
    if not payload:
        return b""
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def frame(opcode, payload=b"", fin=True, rsv=0, key=KEY, length=None, width=None):
    """A frame; masked unless key is None. `length` is the length claimed, `width` forces 7, 16 or 64 bits for it."""
    payload = payload.encode() if isinstance(payload, str) else payload
    length = len(payload) if length is None else length
    width = width or (7 if length < 126 else 16 if length < 1 << 16 else 64)
    second = {7: length, 16: 126, 64: 127}[width] | (0x80 if key is not None else 0)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode, second])
    head += {7: b"", 16: struct.pack("!H", length & 0xFFFF), 64: struct.pack("!Q", length)}[width]
    return head + (payload if key is None else key + mask(payload, key))


def close_body(code, reason=b""):
    return struct.pack("!H", code) + (reason.encode() if isinstance(reason, str) else reason)


def read_frame(read, masked):
    """One frame by way of `read(count)`; anything but a correct frame of the expected side is a Violation."""
    first, second = read(2)
    opcode, fin = first & 0x0F, bool(first & 0x80)
    if first & 0x70:
        raise Violation(f"reserved bits in {first:#04x}")
    if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
        raise Violation(f"reserved opcode {opcode:#x}")
    if bool(second & 0x80) != masked:
        raise Violation("masked frame from a server" if second & 0x80 else "unmasked frame from a client")
    length = second & 0x7F
    if opcode >= 0x8 and (length > 125 or not fin):
        raise Violation("control frame over 125 bytes or fragmented")
    if length == 126:
        length = struct.unpack("!H", read(2))[0]
        if length < 126:
            raise Violation(f"length {length} in 16 bits")
    elif length == 127:
        length = struct.unpack("!Q", read(8))[0]
        if length < 1 << 16 or length >> 63:
            raise Violation(f"length {length} in 64 bits")
    key = read(4) if masked else None
    payload = read(length)
    return Frame(opcode, mask(payload, key) if masked else payload, fin, key)
