"""Frames thrown at `martlet serve`, and its exact answer: RFC 6455 §5 to §8, sections G to M of the requirements.

Every case is played three times: each step in one piece, byte by byte, and its first step in the same segment as the
opening handshake. A step sends bytes and then awaits frames; how a case ends says `ends`.
"""

from dataclasses import dataclass

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body, frame
from utf8_samples import INVALID, VALID

MESSAGE_LIMIT = 1 << 20
FRAGMENT_LIMIT = 1 << 17


@dataclass(frozen=True)
class StaysOpen:
    """Nothing more happens: our Close 1000 is the next thing to be answered."""


@dataclass(frozen=True)
class Fails:
    """Close with this code and a short ASCII reason, then the end of the stream."""
    code: int


@dataclass(frozen=True)
class Answers:
    """The Close frame with exactly this body, then the end of the stream."""
    body: bytes


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple
    ends: object
    requirements: tuple


def case(name, *steps, ends=StaysOpen(), requirements):
    return Case(name, tuple((step, ()) if isinstance(step, bytes) else step for step in steps), ends, requirements)


def answer(opcode, payload=b""):
    return frame(opcode, payload, key=None)


def echoed(sent, opcode, payload):
    """A step: what is sent, and the message that comes back unfragmented."""
    return (sent, (answer(opcode, payload),))


# What must not be answered any more once a rule was broken.
AFTERWARDS = frame(PING, b"late") + frame(TEXT, b"late") + frame(CLOSE, close_body(1000))

LENGTHS = [
    case(f"§5.2: a {kind} message of {size} bytes comes back whole", echoed(frame(opcode, b"m" * size), opcode, b"m" * size),
         requirements=(95, 100, 101, 107, 109, 110, 142, 146, 147))
    for kind, opcode in (("text", TEXT), ("binary", BINARY))
    for size in (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 124, 125, 126, 127, 128, 65535, 65536, 65537)
]

MASKS = [
    case(f"§5.3: payload masked with {key.hex()} is unmasked",
         echoed(frame(BINARY, bytes(range(256)), key=key), BINARY, bytes(range(256))), requirements=(107, 108, 147))
    for key in (bytes(4), b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0", b"\1\2\3\4")
] + [
    case("§5.3: every fragment has a key and a phase of its own",
         echoed(frame(BINARY, b"abcde", fin=False, key=b"\1\2\3\4") + frame(CONTINUATION, b"fgh", fin=False, key=b"\xf0\xe1\xd2\xc3")
                + frame(CONTINUATION, b"ijklmno", key=bytes(4)), BINARY, b"abcdefghijklmno"), requirements=(107, 110, 147)),
    case("§5.1: an unmasked text frame fails", frame(TEXT, b"hello", key=None) + AFTERWARDS, ends=Fails(1002), requirements=(94, 160)),
    case("§5.1: an unmasked empty binary frame fails", frame(BINARY, key=None) + AFTERWARDS, ends=Fails(1002), requirements=(94,)),
    case("§5.1: an unmasked ping fails", frame(PING, b"p", key=None) + AFTERWARDS, ends=Fails(1002), requirements=(94,)),
    case("§5.1: an unmasked close fails", frame(CLOSE, close_body(1000), key=None) + AFTERWARDS, ends=Fails(1002), requirements=(94,)),
    case("§5.1: an unmasked continuation fails",
         frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", key=None) + AFTERWARDS, ends=Fails(1002), requirements=(94,)),
    case("§5.1: two bytes are enough to see that a frame is not masked", frame(TEXT, b"hello", key=None)[:2],
         ends=Fails(1002), requirements=(94,)),
]

RESERVED_BITS = [
    case(f"§5.2: reserved bits {rsv:03b} on a {kind} frame fail", frame(opcode, payload, rsv=rsv) + AFTERWARDS,
         ends=Fails(1002), requirements=(97, 160))
    for kind, opcode, payload in (("text", TEXT, b"hi"), ("binary", BINARY, b""), ("ping", PING, b""), ("pong", PONG, b"p"),
                                  ("close", CLOSE, close_body(1000)))
    for rsv in (1, 2, 3, 4, 5, 6, 7)
] + [
    case(f"§5.2: reserved bits {rsv:03b} on a continuation fail",
         frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=rsv) + AFTERWARDS, ends=Fails(1002), requirements=(97,))
    for rsv in (1, 2, 4)
] + [
    case("§5.2: a single byte with a reserved bit fails", frame(TEXT, b"hello", rsv=4)[:1], ends=Fails(1002), requirements=(97,)),
]

OPCODES = [
    case(f"§5.2: reserved opcode {opcode:#x} {how} fails", frame(opcode, payload, fin=fin) + AFTERWARDS,
         ends=Fails(1002), requirements=(98,))
    for opcode in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)
    for how, payload, fin in (("with payload", b"x", True), ("empty and without FIN", b"", False))
] + [
    case(f"§5.2: reserved opcode {opcode:#x} inside a message fails",
         frame(TEXT, b"a", fin=False) + frame(opcode, b"x") + AFTERWARDS, ends=Fails(1002), requirements=(98,))
    for opcode in (3, 0xB)
]

LENGTH_FORMS = [
    case(f"§5.2: length {length} of a {kind} frame in 16 bits is not minimal",
         frame(opcode, b"x" * length, width=16) + AFTERWARDS, ends=Fails(1002), requirements=(100,))
    for kind, opcode in (("text", TEXT), ("binary", BINARY)) for length in (0, 1, 124, 125)
] + [
    case(f"§5.2: length {length} of a {kind} frame in 64 bits is not minimal",
         frame(opcode, b"x" * length, width=64) + AFTERWARDS, ends=Fails(1002), requirements=(100,))
    for kind, opcode in (("text", TEXT), ("binary", BINARY)) for length in (0, 125, 126, 65534, 65535)
] + [
    case("§5.2: a continuation's length is minimal, too",
         frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", width=16) + AFTERWARDS, ends=Fails(1002), requirements=(100,)),
] + [
    case(f"§5.2: 64-bit length {length:#x} has its top bit set", frame(BINARY, length=length) + AFTERWARDS,
         ends=Fails(1002), requirements=(99, 102))
    for length in (1 << 63, (1 << 63) + 1, (1 << 64) - 1)
] + [
    case("§5.2: the first length byte is enough to see the top bit", frame(BINARY, length=1 << 63)[:3],
         ends=Fails(1002), requirements=(99,)),
]

LIMITS = [
    case("§10.4: a text message at the limit comes back",
         echoed(frame(TEXT, b"m" * MESSAGE_LIMIT), TEXT, b"m" * MESSAGE_LIMIT), requirements=(101, 119)),
    case("§10.4: a binary message at the limit in 64 fragments comes back",
         echoed(frame(BINARY, b"m" * (MESSAGE_LIMIT // 64), fin=False) + frame(CONTINUATION, b"m" * (MESSAGE_LIMIT // 64), fin=False) * 62
                + frame(CONTINUATION, b"m" * (MESSAGE_LIMIT // 64)), BINARY, b"m" * MESSAGE_LIMIT), requirements=(110, 119)),
] + [
    case(f"§10.4: the header of a {kind} frame of {length} bytes is too much", frame(opcode, length=length),
         ends=Fails(1009), requirements=(102, 119, 188))
    for kind, opcode in (("text", TEXT), ("binary", BINARY))
    for length in (MESSAGE_LIMIT + 1, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1)
] + [
    case(f"§10.4: a fragment of {length} bytes behind 10 others is too much",
         frame(BINARY, b"0123456789", fin=False) + frame(CONTINUATION, length=length), ends=Fails(1009), requirements=(102, 119))
    for length in (MESSAGE_LIMIT - 9, MESSAGE_LIMIT, 1 << 32, (1 << 63) - 10, (1 << 63) - 1)
] + [
    case("§10.4: the sum of fragments counts, at the header that passes it",
         frame(TEXT, b"m" * (MESSAGE_LIMIT // 2), fin=False) + frame(CONTINUATION, b"m" * (MESSAGE_LIMIT // 2), fin=False)
         + frame(CONTINUATION, length=1), ends=Fails(1009), requirements=(119,)),
    case("§10.4: the sum starts anew with each message",
         echoed(frame(BINARY, b"m" * (MESSAGE_LIMIT - 1)), BINARY, b"m" * (MESSAGE_LIMIT - 1)),
         echoed(frame(BINARY, b"n" * 2), BINARY, b"n" * 2), requirements=(119,)),
    case("§10.4: what follows a frame that is too big is not processed", frame(TEXT, b"m" * (MESSAGE_LIMIT + 1)) + AFTERWARDS,
         ends=Fails(1009), requirements=(119, 160)),
    case("§10.4: as many empty fragments as allowed make an empty message",
         echoed(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * (FRAGMENT_LIMIT - 2) + frame(CONTINUATION), TEXT, b""),
         requirements=(117, 118)),
    case("§10.4: one empty fragment more fails",
         frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * FRAGMENT_LIMIT, ends=Fails(1008), requirements=(118, 187)),
    case("§10.4: one fragment of a byte more fails",
         frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"x", fin=False) * FRAGMENT_LIMIT, ends=Fails(1008), requirements=(118, 187)),
    case("§10.4: pongs between fragments do not count as fragments",
         echoed(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * (FRAGMENT_LIMIT // 2) + frame(PONG) * 10
                + frame(CONTINUATION, fin=False) * (FRAGMENT_LIMIT // 2 - 2) + frame(CONTINUATION, b"end"), TEXT, b"end"),
         requirements=(111, 118)),
]

FRAGMENTS = [
    case("§5.4: a message in two fragments comes back", echoed(frame(TEXT, b"hel", fin=False) + frame(CONTINUATION, b"lo"), TEXT, b"hello"),
         requirements=(110, 114, 142, 146)),
    case("§5.4: a message in fragments of a byte comes back",
         echoed(frame(BINARY, b"0", fin=False) + b"".join(frame(CONTINUATION, b"%d" % n, fin=False) for n in range(1, 9)) + frame(CONTINUATION, b"9"),
                BINARY, b"0123456789"), requirements=(110, 114)),
    case("§5.4: an empty first fragment", echoed(frame(TEXT, fin=False) + frame(CONTINUATION, b"x"), TEXT, b"x"), requirements=(117,)),
    case("§5.4: an empty middle fragment",
         echoed(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION, b"b"), TEXT, b"ab"), requirements=(117,)),
    case("§5.4: an empty last fragment", echoed(frame(TEXT, b"a", fin=False) + frame(CONTINUATION), TEXT, b"a"), requirements=(117,)),
    case("§5.4: nothing but empty fragments",
         echoed(frame(BINARY, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION), BINARY, b""), requirements=(117,)),
    case("§5.4: three messages, each in fragments, keep their order and bounds",
         (b"".join(frame(TEXT, b"%d-" % n, fin=False) + frame(CONTINUATION, b"end") for n in range(3)),
          tuple(answer(TEXT, b"%d-end" % n) for n in range(3))), requirements=(114, 148)),
    case("§5.4: a continuation without a start fails", frame(CONTINUATION, b"x") + AFTERWARDS, ends=Fails(1002), requirements=(113,)),
    case("§5.4: an empty continuation without a start and without FIN fails", frame(CONTINUATION, fin=False) + AFTERWARDS,
         ends=Fails(1002), requirements=(113,)),
    case("§5.4: a continuation after a finished message fails",
         echoed(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b"), TEXT, b"ab"), frame(CONTINUATION, b"c") + AFTERWARDS,
         ends=Fails(1002), requirements=(113,)),
    case("§5.4: a continuation after an unfragmented message fails", echoed(frame(TEXT, b"a"), TEXT, b"a"),
         frame(CONTINUATION, b"c", fin=False) + AFTERWARDS, ends=Fails(1002), requirements=(113,)),
    case("§5.4: a text frame inside a text message fails", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b") + AFTERWARDS,
         ends=Fails(1002), requirements=(113,)),
    case("§5.4: a binary frame inside a text message fails", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b", fin=False) + AFTERWARDS,
         ends=Fails(1002), requirements=(113,)),
    case("§5.4: an empty text frame inside a binary message fails", frame(BINARY, fin=False) + frame(TEXT) + AFTERWARDS,
         ends=Fails(1002), requirements=(113,)),
]

CONTROLS = [
    case(f"§5.5.3: a ping of {size} bytes is answered with the same", (frame(PING, bytes(range(size))), (answer(PONG, bytes(range(size))),)),
         requirements=(122, 130)) for size in (0, 1, 4, 7, 8, 9, 124, 125)
] + [
    case("§5.5.3: a ping's payload need not be UTF-8", (frame(PING, b"\xff\xfe\x00\xc0"), (answer(PONG, b"\xff\xfe\x00\xc0"),)),
         requirements=(130,)),
    case("§5.5.2: a ping between fragments is answered before the message ends",
         (frame(TEXT, b"hel", fin=False) + frame(PING, b"now"), (answer(PONG, b"now"),)),
         echoed(frame(CONTINUATION, b"lo"), TEXT, b"hello"), requirements=(111, 130, 134)),
    case("§5.4: pings between all fragments of a message",
         (frame(TEXT, b"a", fin=False) + frame(PING, b"1"), (answer(PONG, b"1"),)),
         (frame(CONTINUATION, b"b", fin=False) + frame(PING, b"2"), (answer(PONG, b"2"),)),
         (frame(CONTINUATION, fin=False) + frame(PING), (answer(PONG),)),
         echoed(frame(CONTINUATION, b"c"), TEXT, b"abc"), requirements=(111, 117, 130)),
    case("§5.4: a ping inside a character that two fragments share",
         (frame(TEXT, b"\xe2\x82", fin=False) + frame(PING, b"split"), (answer(PONG, b"split"),)),
         echoed(frame(CONTINUATION, b"\xac"), TEXT, "€"), requirements=(111, 135)),
    case("§5.5.3: an unsolicited pong is ignored", (frame(PONG, b"nobody asked") + frame(PING, b"?"), (answer(PONG, b"?"),)),
         requirements=(132,)),
    case("§5.5.3: pongs of 0, 8 and 125 bytes are ignored between fragments",
         echoed(frame(TEXT, b"a", fin=False) + frame(PONG) + frame(PONG, b"12345678") + frame(PONG, b"p" * 125) + frame(CONTINUATION, b"b"),
                TEXT, b"ab"), requirements=(111, 132)),
    case("§5.5.3: a pong without a ping before it does not answer ours", (frame(PONG, bytes(8)) + frame(PING, b"x"), (answer(PONG, b"x"),)),
         requirements=(132,)),
] + [
    case(f"§5.5: a {kind} without FIN fails", frame(opcode, payload, fin=False) + AFTERWARDS, ends=Fails(1002), requirements=(112,))
    for kind, opcode, payload in (("ping", PING, b""), ("ping with payload", PING, b"x"), ("pong", PONG, b""), ("close", CLOSE, close_body(1000)))
] + [
    case("§5.5: the first byte of a ping without FIN is enough", frame(PING, b"x", fin=False)[:1], ends=Fails(1002), requirements=(112,)),
    case("§5.5: a fragmented ping inside a message fails", frame(TEXT, b"a", fin=False) + frame(PING, b"x", fin=False) + AFTERWARDS,
         ends=Fails(1002), requirements=(112,)),
] + [
    case(f"§5.5: a {kind} of {size} bytes fails", frame(opcode, payload) + AFTERWARDS, ends=Fails(1002), requirements=(122,))
    for size in (126, 127, 65536)
    for kind, opcode, payload in (("ping", PING, b"p" * size), ("pong", PONG, b"p" * size), ("close", CLOSE, close_body(1000, "r" * (size - 2))))
] + [
    case("§5.5: two bytes are enough to see that a ping is too long", frame(PING, b"p" * 126)[:2], ends=Fails(1002), requirements=(122,)),
    case("§5.5: a short ping with a 16-bit length fails", frame(PING, b"p", width=16) + AFTERWARDS, ends=Fails(1002), requirements=(100, 122)),
    case("§5.5: a short close with a 64-bit length fails", frame(CLOSE, close_body(1000), width=64) + AFTERWARDS, ends=Fails(1002),
         requirements=(100, 122)),
]

CLOSES = [
    case(f"§7.4: close code {code} is answered with itself and no reason",
         frame(CLOSE, close_body(code, "any reason")) + AFTERWARDS, ends=Answers(close_body(code)), requirements=(127, 129, 150, 153, 171, 172, 173))
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 3001, 3003, 3008, 3998, 3999, 4000, 4001, 4998, 4999)
] + [
    case("§7.4.1: close code 1010 is a client's word: the answer is 1000", frame(CLOSE, close_body(1010)) + AFTERWARDS,
         ends=Answers(close_body(1000)), requirements=(173, 174)),
] + [
    case(f"§7.4: close code {code} {'with' if reason else 'without'} a reason must not be on the wire", frame(CLOSE, close_body(code, reason)) + AFTERWARDS,
         ends=Fails(1002), requirements=(169, 170))
    for reason in ("", "reason")
    for code in (0, 1, 2, 255, 256, 500, 998, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1999, 2000, 2001, 2998, 2999,
                 5000, 5001, 9999, 32767, 32768, 65534, 65535)
] + [
    case("§5.5.1: a close without a code is answered without one", frame(CLOSE) + AFTERWARDS, ends=Answers(b""), requirements=(123, 127, 155)),
    case("§5.5.1: a close body of one byte fails", frame(CLOSE, b"\x03") + AFTERWARDS, ends=Fails(1002), requirements=(123,)),
    case("§5.5.1: a close reason of 123 bytes is allowed", frame(CLOSE, close_body(1000, "r" * 123)) + AFTERWARDS,
         ends=Answers(close_body(1000)), requirements=(122, 127)),
    case("§5.5.1: a close reason in any script is allowed", frame(CLOSE, close_body(4001, "tschüß 世界 𝄞")) + AFTERWARDS,
         ends=Answers(close_body(4001)), requirements=(124, 127)),
    case("§5.5.1: a close in the middle of a message is answered at once", frame(TEXT, b"half", fin=False) + frame(CLOSE, close_body(1001)),
         ends=Answers(close_body(1001)), requirements=(111, 127, 128)),
    case("§5.5.1: a close in the middle of a character is no UTF-8 error", frame(TEXT, b"\xe2\x82", fin=False) + frame(CLOSE, close_body(1000)),
         ends=Answers(close_body(1000)), requirements=(111, 127)),
    case("§5.5.3: a ping before the close is answered, one behind it is not",
         (frame(PING, b"first") + frame(CLOSE, close_body(1000)) + frame(PING, b"second"), (answer(PONG, b"first"),)),
         ends=Answers(close_body(1000)), requirements=(126, 130)),
    case("§5.5.1: what follows a close is not even looked at", frame(CLOSE, close_body(1000)) + b"\xff" * 64,
         ends=Answers(close_body(1000)), requirements=(149, 153)),
    case("§7.1.7: of two violations the first counts", frame(TEXT, b"\xff") + frame(TEXT, rsv=7), ends=Fails(1007), requirements=(160,)),
    case("§7.1.7: a close behind a violation is not answered again", frame(3, b"") + frame(CLOSE, close_body(4000)),
         ends=Fails(1002), requirements=(159, 160)),
] + [
    case(f"§5.5.1: a close reason with {name} fails", frame(CLOSE, close_body(1000, b"ok " + bad)) + AFTERWARDS,
         ends=Fails(1007), requirements=(124,))
    for name, bad, _ in INVALID
] + [
    case("§5.5.1: a close reason that ends inside a character fails", frame(CLOSE, close_body(1000, b"\xe2\x82")) + AFTERWARDS,
         ends=Fails(1007), requirements=(124,)),
    case("§7.4: an invalid code counts before an invalid reason", frame(CLOSE, close_body(1005, b"\xff")), ends=Fails(1002), requirements=(170,)),
]

TEXTS = [
    case(f"§8.1: text with {name} comes back", echoed(frame(TEXT, good), TEXT, good), requirements=(135,)) for name, good in VALID
] + [
    case(f"§8.1: text with {name}, cut into fragments of a byte, comes back",
         echoed(frame(TEXT, fin=False) + b"".join(frame(CONTINUATION, good[n:n + 1], fin=False) for n in range(len(good))) + frame(CONTINUATION),
                TEXT, good), requirements=(117, 135)) for name, good in VALID
] + [
    case(f"§8.1: text with {name} fails", frame(TEXT, b"fine " + bad) + AFTERWARDS, ends=Fails(1007), requirements=(136,))
    for name, bad, _ in INVALID
] + [
    case(f"§8.1: {name} fails at its first bad byte, in a frame that is still arriving",
         frame(TEXT, b"fine " + bad[:first + 1], length=1000), ends=Fails(1007), requirements=(136, 137))
    for name, bad, first in INVALID
] + [
    case(f"§8.1: {name} does not fail before its bad byte, and fails at it in the next fragment",
         (frame(TEXT, bad[:first], fin=False) + frame(PING, b"alive"), (answer(PONG, b"alive"),)),
         frame(CONTINUATION, bad[first:first + 1], fin=False), ends=Fails(1007), requirements=(136, 137))
    for name, bad, first in INVALID
] + [
    case("§8.1: text that ends inside a character fails", frame(TEXT, b"caf\xc3") + AFTERWARDS, ends=Fails(1007), requirements=(135, 136)),
    case("§8.1: text that ends inside a character of four bytes fails at the last fragment",
         (frame(TEXT, b"\xf0\x9d", fin=False) + frame(PING), (answer(PONG),)), frame(CONTINUATION, b"\x84") + AFTERWARDS,
         ends=Fails(1007), requirements=(135, 136)),
    case("§8.1: text that an empty last fragment leaves inside a character fails",
         frame(TEXT, b"\xe2\x82", fin=False) + frame(CONTINUATION) + AFTERWARDS, ends=Fails(1007), requirements=(135, 136)),
    case("§8.1: the state of one message does not leak into the next",
         echoed(frame(TEXT, "é"), TEXT, "é"), frame(TEXT, b"\xa9") + AFTERWARDS, ends=Fails(1007), requirements=(136,)),
    case("§5.6: binary need not be UTF-8", echoed(frame(BINARY, b"\xff\xfe\xc0\x80\xed\xa0\x80"), BINARY, b"\xff\xfe\xc0\x80\xed\xa0\x80"),
         requirements=(135,)),
    case("§5.6: binary fragments need not be UTF-8",
         echoed(frame(BINARY, b"\xff", fin=False) + frame(CONTINUATION, b"\xc3"), BINARY, b"\xff\xc3"), requirements=(135,)),
    case("§8.1: an invalid byte behind 64 KiB of valid text is found before the frame ends",
         frame(TEXT, b"v" * 65536 + b"\x80", length=200_000), ends=Fails(1007), requirements=(137,)),
]

SEQUENCES = [
    case("§6.2: twenty messages in one segment come back in order",
         (b"".join(frame(TEXT if n % 2 else BINARY, b"message %d" % n) for n in range(20)),
          tuple(answer(TEXT if n % 2 else BINARY, b"message %d" % n) for n in range(20))), requirements=(114, 145, 148)),
    case("§6.2: text, ping, binary, ping: each is answered",
         (frame(TEXT, b"1") + frame(PING, b"a") + frame(BINARY, b"2") + frame(PING, b"b"),
          (answer(TEXT, b"1"), answer(PONG, b"a"), answer(BINARY, b"2"), answer(PONG, b"b"))), requirements=(130, 148)),
    case("§6.2: a violation behind an answered message closes all the same", echoed(frame(TEXT, b"fine"), TEXT, b"fine"),
         frame(TEXT, b"x", rsv=1) + AFTERWARDS, ends=Fails(1002), requirements=(159, 191)),
]

CASES = (LENGTHS + MASKS + RESERVED_BITS + OPCODES + LENGTH_FORMS + LIMITS + FRAGMENTS + CONTROLS + CLOSES + TEXTS + SEQUENCES)
