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
# A read that inflates to this much is taken in bit by bit.
HUGE = 1 << 20
HUGE_LENGTHS = (70_000, 262_144, 400_000, 1_000_000)
LETTERS = "aäß€語𝄞\U0010ffff\u0000\u07ff\u0800\ud7ff\ue000\uffff\U00010000 e"
CODES = (1000, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)


def case(seed, number):
    dice = random.Random(f"{seed}/{number}")
    is_server = dice.random() < 0.7
    agreement = None
    if dice.random() < 0.6:
        agreement = Agreement(dice.randint(8, 15), dice.randint(8, 15), dice.random() < 0.6, dice.random() < 0.6)
    limit = HUGE if agreement and dice.random() < 0.005 else GENEROUS
    way = dice.choices(("valid", "frames", "bytes", "both"), (25, 45, 20, 10))[0]
    keeps_window = way == "valid" or dice.random() < 0.85
    sent, expectation, sizes = conversation(dice, is_server, agreement, LENGTHS if limit == GENEROUS else HUGE_LENGTHS, keeps_window)
    limits = [(limit, limit), (size := dice.choice(LIMITS), size), (size := max(0, dice.choice(sizes) + dice.choice((-100, -1, 0, 0))), size),
              (limit, dice.choice(LIMITS))]
    message_limit, frame_limit = dice.choices(limits, (80, 7, 10, 3))[0]
    if way in ("frames", "both"):
        sent = spoiling.spoil_frames(dice, sent, is_server)
    data = b"".join(frame.encoded for frame in sent)
    if way == "frames" and dice.random() < 0.1:
        data = spoiling.cut_header(dice, sent)
    if way in ("bytes", "both"):
        data = spoiling.spoil_bytes(dice, data)
    is_valid = way == "valid" and (message_limit, frame_limit) == (limit, limit)
    return Case(f"{seed}/{number} ({way})", is_server, agreement, message_limit, frame_limit, cut(dice, data, sent),
                expectation if is_valid else None)


def conversation(dice, is_server, agreement, lengths, keeps_window):
    """What a peer sends that keeps to every rule, what must come of it, and sizes at which a limit is worth trying."""
    made, events, sizes = [], [], []
    compressor = agreement and Compressor(dice, agreement.receive_window_bits if keeps_window else 15, agreement.receive_takeover)

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
        kind, payload = message(dice, lengths)
        # Fixed codes make it longer by an eighth, which must stay within the limit too.
        is_compressed = compressor is not None and (lengths is HUGE_LENGTHS or len(payload) < GENEROUS * 3 // 4 and dice.random() < 0.75)
        body, flushed = compressor.compress(payload) if is_compressed else (payload, [])
        if is_compressed and dice.random() < 0.1 and (repeated := compressor.repeat()):
            add(BINARY, body, rsv=4)
            events.append(("binary", payload))
            kind, (payload, body), flushed = "binary", repeated, []
        count = dice.choice((0, 0, 0, 1, 1, 2, 3, 8))
        cuts = [dice.randrange(len(body) + 1) for _ in range(count)] + [place for place, _ in flushed if dice.random() < 0.5]
        if is_compressed and dice.random() < 0.2:
            # Ends with an empty fragment, as messages do that are sent while they are written.
            cuts.append(len(body))
        cuts.sort()
        sizes += [len(payload), *(size for _, size in flushed)]
        parts = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)])]
        for index, part in enumerate(parts):
            if index:
                add_controls(0.15)
            opcode = CONTINUATION if index else TEXT if kind == "text" else BINARY
            add(opcode, part, fin=index == len(cuts), rsv=4 if is_compressed and not index else 0)
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
    return made, Expectation(events, received, sent), sizes


def text(dice, length):
    """At most so many bytes of UTF-8."""
    return "".join(dice.choice(LETTERS) for _ in range(length // 4)).encode()


def message(dice, lengths):
    """A kind and a payload that fits the limits."""
    length = dice.choice(LONG) if lengths is LENGTHS and dice.random() < 0.02 else dice.choice(lengths)
    match 4 if lengths is HUGE_LENGTHS else dice.randrange(5):
        case 0:
            return "text", text(dice, length)
        case 1:
            return "text", (b"the quick brown fox, " * (length // 21 + 1))[:length]
        case 2:
            return "binary", dice.randbytes(length)
        case 3:
            # A repetition from far back. Of digits, which are worth compressing even where nothing is repeated.
            repeated, between = (dice.randbytes(size).hex().encode() for size in (20, dice.choice((50, 100, 110, 230, 250, 485, 1000, 2025))))
            return "text", repeated + between + repeated
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
