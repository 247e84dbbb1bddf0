"""Ways to break the rules: on frames before they become bytes, so that the rest stays well formed, and on bytes."""

import dataclasses
import sys
from pathlib import Path

from frame import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close_body

sys.path.append(str(Path(__file__).resolve().parents[1] / "corpus"))

import mutations  # noqa: E402

BROKEN_UTF8 = (b"\x80", b"\xc0\x80", b"\xc3", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf5", b"\xff", b"\xe2\x82", b"\xf0\x9f\x98")
CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65535)
# Blocks of deflate: of type 3, which there is not; stored, whose lengths disagree; a repetition of nothing; one that ends
# early; last blocks, one of them with more behind it.
BROKEN_DEFLATE = (b"\x07", b"\x00\x01\x00\x00\x00", b"\x4b\x04\x42\x00", b"\x01", b"\x03\x00", b"\x03\x00\x00", b"\x01\x00\x00\xff\xff",
                  b"\xf3\x48\xcd\xc9\xc9\x07\x00", b"\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", b"")


def reserved_bits(dice, frame):
    frame.rsv ^= dice.choice((4, 4, 2, 1, 7))


def opcode(dice, frame):
    frame.opcode = dice.choice((*range(16), CONTINUATION, TEXT, BINARY, CLOSE))


def final(dice, frame):
    frame.fin = not frame.fin


def masking(dice, frame):
    frame.key = None if frame.key is not None else dice.randbytes(4)


def width(dice, frame):
    """A length in more bits than it needs."""
    frame.width = 64 if len(frame.payload) > 0xFFFF else dice.choice((16, 64))


def length(dice, frame):
    """A header that lies."""
    size = len(frame.payload)
    frame.length = max(0, dice.choice((size - 1, size + 1, size + 40, 125, 126, 65536, 65537, 1 << 31, 1 << 32, 1 << 63, (1 << 64) - 1)))
    frame.width = 7 if frame.length < 126 else 16 if frame.length < 1 << 16 else 64


def payload_bits(dice, frame):
    if frame.payload:
        frame.payload = mutations.flip_bits(dice, frame.payload)


def payload_cut(dice, frame):
    frame.payload = frame.payload[:dice.randrange(len(frame.payload) + 1)]


def payload_grown(dice, frame):
    place = dice.randrange(len(frame.payload) + 1)
    frame.payload = frame.payload[:place] + dice.choice((dice.randbytes(4), bytes(dice.choice((1, 130, 3000))), b"\x00\x00\xff\xff")) + frame.payload[place:]


def broken_text(dice, frame):
    place = dice.randrange(len(frame.payload) + 1)
    frame.payload = frame.payload[:place] + dice.choice(BROKEN_UTF8) + frame.payload[place:]


def broken_deflate(dice, frame):
    frame.opcode, frame.rsv, frame.fin = dice.choice((TEXT, BINARY)), 4, True
    frame.payload = dice.choice(BROKEN_DEFLATE)


def broken_close(dice, frame):
    frame.opcode, frame.fin, frame.rsv = CLOSE, True, 0
    frame.payload = dice.choice((dice.randbytes(1), close_body(dice.choice(CODES)), close_body(dice.choice(CODES), b"why"),
                                 close_body(1000, dice.choice(BROKEN_UTF8)), close_body(dice.choice(CODES), dice.choice(BROKEN_UTF8)),
                                 close_body(1000, b"x" * dice.choice((123, 124))), close_body(dice.randrange(65536))))


ON_A_FRAME = (reserved_bits, opcode, final, masking, width, length, payload_bits, payload_cut, payload_grown, broken_text, broken_deflate,
              broken_close)


def drop(dice, frames):
    del frames[dice.randrange(len(frames))]


def repeat(dice, frames):
    place = dice.randrange(len(frames))
    frames[place:place] = [dataclasses.replace(frames[place]) for _ in range(dice.choice((1, 1, 5)))]


def swap(dice, frames):
    first, second = dice.randrange(len(frames)), dice.randrange(len(frames))
    frames[first], frames[second] = frames[second], frames[first]


def inject(dice, frames):
    """A frame where it may not be, or a control frame that may."""
    near = frames[dice.randrange(len(frames))]
    new = Frame(dice.choice((CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)), dice.choice((b"", b"\x03\xe8", b"injected", bytes(125), bytes(126))),
                fin=dice.random() < 0.8, key=near.key)
    frames.insert(dice.randrange(len(frames) + 1), new)


def split(dice, frames):
    """A frame becomes two fragments: harmless for data, wrong for control frames."""
    place = dice.randrange(len(frames))
    frame = frames[place]
    where = dice.randrange(len(frame.payload) + 1)
    rest = dataclasses.replace(frame, opcode=CONTINUATION, rsv=0, payload=frame.payload[where:])
    frame.fin, frame.payload = False, frame.payload[:where]
    frames.insert(place + 1, rest)


ON_FRAMES = (drop, repeat, swap, inject, inject, split, split)


def spoil_frames(dice, frames, is_server):
    """One to three rules broken."""
    frames = [dataclasses.replace(frame) for frame in frames]
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        if not frames:
            return [Frame(TEXT, b"all there is", key=bytes(4) if is_server else None)]
        if dice.random() < 0.3:
            dice.choice(ON_FRAMES)(dice, frames)
        else:
            dice.choice(ON_A_FRAME)(dice, dice.choice(frames))
    return frames


def cut_header(dice, frames):
    """The bytes up to the middle of a header."""
    *before, last = [b"", *(frame.encoded for frame in frames[:dice.randrange(len(frames) + 1)])]
    return b"".join(before) + last[:dice.randint(1, 13)]


def spoil_bytes(dice, data):
    return mutations.spoil(dice, data or b"\0")
