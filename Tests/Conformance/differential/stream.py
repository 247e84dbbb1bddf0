"""Makes up cases: a valid conversation, mostly spoiled, cut into reads. All of it follows from the seed and the number."""

import random

import spoiling
from case import Agreement, Case
from compressor import Compressor
from expectation import Expectation
from frame import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close_body

GENEROUS = 1 << 16
LIMITS = (0, 1, 16, 125, 126, 300, 1000)
LENGTHS = (0, 0, 1, 2, 5, 17, 60, 124, 125, 126, 127, 128, 300, 1000)
LONG = (2043, 2048, 4096, 9000, 40000, 65535, 65536)
LETTERS = "aäß€語𝄞\U0010ffff\u0000\u07ff\u0800\ud7ff\ue000\uffff\U00010000 e"
CODES = (1000, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)


def case(seed, number):
    dice = random.Random(f"{seed}/{number}")
    is_server = dice.random() < 0.7
    agreement = None
    if dice.random() < 0.6:
        agreement = Agreement(dice.randint(8, 15), dice.randint(8, 15), dice.random() < 0.6, dice.random() < 0.6)
    message_limit = dice.choice(LIMITS) if dice.random() < 0.1 else GENEROUS
    frame_limit = dice.choice(LIMITS) if dice.random() < 0.04 else message_limit
    sent, expectation = conversation(dice, is_server, agreement)
    way = dice.choices(("valid", "frames", "bytes", "both"), (25, 45, 20, 10))[0]
    if way in ("frames", "both"):
        sent = spoiling.spoil_frames(dice, sent, is_server)
    data = b"".join(frame.encoded for frame in sent)
    if way in ("bytes", "both"):
        data = spoiling.spoil_bytes(dice, data)
    is_valid = way == "valid" and message_limit == frame_limit == GENEROUS
    return Case(f"{seed}/{number} ({way})", is_server, agreement, message_limit, frame_limit, cut(dice, data, sent),
                expectation if is_valid else None)


def conversation(dice, is_server, agreement):
    """What a peer sends that keeps to every rule, and what must come of it."""
    made, events = [], []
    compressor = agreement and Compressor(dice, agreement.receive_window_bits, agreement.receive_takeover)

    def add(opcode, payload=b"", **more):
        made.append(Frame(opcode, payload, key=dice.choice((dice.randbytes(4), bytes(4))) if is_server else None, **more))

    def add_controls(probability):
        while dice.random() < probability:
            payload = dice.randbytes(dice.choice((0, 0, 1, 4, 125)))
            if dice.random() < 0.7:
                add(PING, payload)
                events.append(("pong", payload))
            else:
                add(PONG, payload)

    for _ in range(dice.randint(1, 5)):
        add_controls(0.2)
        kind, payload = message(dice)
        is_compressed = compressor is not None and dice.random() < 0.75
        body = compressor.compress(payload) if is_compressed else payload
        count = dice.choice((0, 0, 0, 1, 1, 2, 3, 8))
        cuts = sorted(dice.randrange(len(body) + 1) for _ in range(count))
        parts = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)])]
        for index, part in enumerate(parts):
            if index:
                add_controls(0.15)
            opcode = CONTINUATION if index else TEXT if kind == "text" else BINARY
            add(opcode, part, fin=index == count, rsv=4 if is_compressed and not index else 0)
        events.append((kind, payload))
    received = sent = None
    if dice.random() < 0.6:
        add_controls(0.1)
        received = sent = dice.choice(CODES)
        if dice.random() < 0.15:
            received = sent = 1005
            add(CLOSE)
        else:
            add(CLOSE, close_body(received, text(dice, dice.choice((0, 0, 20, 123)))))
        # A server does not echo the client's own 1010 (§7.4.1).
        if is_server and received == 1010:
            sent = 1000
        for _ in range(dice.choice((0, 0, 1, 3))):
            # Whatever follows counts no more (§5.5.1).
            add(dice.choice((TEXT, BINARY, PING, CLOSE)), b"late")
    return made, Expectation(events, received, sent)


def text(dice, length):
    """At most so many bytes of UTF-8."""
    return "".join(dice.choice(LETTERS) for _ in range(length // 4)).encode()


def message(dice):
    """A kind and a payload that fits the limits."""
    length = dice.choice(LONG) if dice.random() < 0.02 else dice.choice(LENGTHS)
    match dice.randrange(4):
        case 0:
            return "text", text(dice, length)
        case 1:
            return "text", (b"the quick brown fox, " * (length // 21 + 1))[:length]
        case 2:
            return "binary", dice.randbytes(min(length, GENEROUS - 2000))
        case _:
            return "binary", bytes([dice.randrange(256)]) * length


def cut(dice, data, frames):
    """Cuts a stream into reads, as a network does."""
    match dice.randrange(5):
        case 0:
            cuts = []
        case 1 if len(data) < 2000:
            cuts = range(1, len(data))
        case 2:
            sizes = [len(frame.encoded) for frame in frames]
            cuts = [sum(sizes[:index]) for index in range(1, len(sizes))]
        case _:
            cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.choice((1, 2, 5, 20))))
    cuts = [place for place in cuts if 0 < place < len(data)]
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)]) if end > start]
