"""The other opinion: the protocol core of python `websockets`, without its I/O."""

import codecs
import logging
import traceback

from websockets.exceptions import PayloadTooBig
from websockets.frames import CTRL_OPCODES, Opcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol

from deflate import Deflate
from expectation import Outcome

BAD_DATA, OUR_BAD_DATA = "fail 1002 decompression failed", "fail 1007 invalid deflate data"

QUIET = logging.getLogger("differential")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
QUIET.setLevel(logging.ERROR)


class Core(Protocol):
    """Checks text as the layer above it does, and keeps what it has to tell."""

    def __init__(self, is_server, agreement, message_limit=None, frame_limit=None, is_strict=False):
        super().__init__(SERVER if is_server else CLIENT, state=OPEN, max_size=(message_limit, frame_limit), logger=QUIET)
        self.circumstances = set()
        self.frame_limit, self.message_limit = frame_limit, message_limit
        if agreement:
            self.extensions = [Deflate(agreement, message_limit, is_strict, self.circumstances)]
        self.told = []
        self.kind, self.parts, self.decoder = None, [], None
        self.takes_one_frame = False

    def recv_frame(self, frame):
        if self.takes_one_frame:
            self.reader.discard()
        super().recv_frame(frame)
        if frame.opcode == Opcode.PING:
            self.told.append(("pong", bytes(frame.data)))
        elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self.receive_part(frame)

    def receive_part(self, frame):
        if frame.opcode != Opcode.CONT:
            self.kind, self.parts = "text" if frame.opcode == Opcode.TEXT else "binary", []
            self.decoder = codecs.getincrementaldecoder("utf-8")() if frame.opcode == Opcode.TEXT else None
        self.parts.append(bytes(frame.data))
        if self.decoder:
            # The parser fails the connection with 1007 when this raises.
            self.decoder.decode(self.parts[-1], frame.fin)
        if frame.fin:
            self.told.append((self.kind, b"".join(self.parts)))

    @property
    def end(self):
        if self.parser_exc:
            return f"fail {self.close_sent.code} {self.close_sent.reason}"
        return f"close {self.close_rcvd.code}, {self.close_sent.code}" if self.close_rcvd else "open"

    def outcome(self):
        if isinstance(self.parser_exc, PayloadTooBig):
            *_, (place, _) = traceback.walk_tb(self.parser_exc.__traceback__)
            self.judge_size(place.f_locals)
        return Outcome(self.told, self.close_rcvd and int(self.close_rcvd.code), self.close_sent and int(self.close_sent.code), self.end,
                       self.eof_sent, frozenset(self.circumstances))


    def judge_size(self, place):
        """What was too big: the local names of where that was found tell."""
        opcode = place.get("opcode")
        if opcode in CTRL_OPCODES:
            self.circumstances.add("control frame")
        if opcode == Opcode.CONT and self.extensions and self.extensions[0].decode_cont_data:
            self.circumstances.add("compressed fragment")
        if opcode in (Opcode.TEXT, Opcode.BINARY) and place.get("rsv1") and place["length"] <= allowed_on_the_wire(place["max_size"]):
            self.circumstances.add("compressed frame")
        if opcode is None and self.frame_limit < self.message_limit:
            self.circumstances.add("inflated frame")


def allowed_on_the_wire(limit):
    """What we take of compressed payload where the limit is this."""
    return limit + limit // 8 + 64


def play(case, is_strict=False):
    """Brings the reads of a case in."""
    core = Core(case.is_server, case.agreement, case.message_limit, case.frame_limit, is_strict)
    for read in case.reads:
        core.receive_data(read)
    return core


def complete(core, case):
    """What comes of the frame that has begun, once it is all there. `websockets` judges whole frames, we judge bytes: the
    verdict may come later, but it must be the same."""
    if core.state is OPEN:
        core.takes_one_frame = True
        core.receive_data(bytes(min(case.message_limit, case.frame_limit) + 14))


def verdict(case, ours):
    """What comes of a case, where it has to be compared with ours."""
    core = play(case)
    if ours.end.startswith("fail") and core.end == "open":
        complete(core, case)
    if case.agreement and (ours.end == OUR_BAD_DATA) != (core.end == BAD_DATA) and play(case, is_strict=True).end == BAD_DATA:
        core.circumstances.add("beyond the window")
    return core.outcome()
