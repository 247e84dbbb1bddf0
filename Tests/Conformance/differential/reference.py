"""The other opinion: the protocol core of python `websockets`, without its I/O."""

import codecs
import logging

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, SERVER, Protocol

from expectation import Outcome

QUIET = logging.getLogger("differential")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
QUIET.setLevel(logging.ERROR)


class Deflate(PerMessageDeflate):
    """Tells of circumstances under which `websockets` is known to go astray."""

    def __init__(self, *arguments, circumstances):
        super().__init__(*arguments)
        self.circumstances = circumstances

    def decode(self, frame, *, max_size=None):
        # zlib takes 0 for no limit at all.
        if max_size == 0 and frame.opcode == Opcode.CONT and self.decode_cont_data:
            self.circumstances.add("no room left")
        decoder = None if self.remote_no_context_takeover else self.decoder
        decoded = super().decode(frame, max_size=max_size)
        decoder = getattr(self, "decoder", decoder)
        if decoder is not None and decoder.eof:
            self.circumstances.add("final block")
        return decoded


class Core(Protocol):
    """Checks text as the layer above it does, and keeps what it has to tell."""

    def __init__(self, is_server, agreement, message_limit=None, frame_limit=None):
        super().__init__(SERVER if is_server else CLIENT, state=OPEN, max_size=(message_limit, frame_limit), logger=QUIET)
        self.circumstances = set()
        if agreement:
            self.extensions = [Deflate(not agreement.receive_takeover, not agreement.send_takeover, agreement.receive_window_bits,
                                       max(9, agreement.send_window_bits), circumstances=self.circumstances)]
        self.told = []
        self.pongs = []
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
        return "close" if self.close_rcvd else "open"

    def outcome(self):
        return Outcome(self.told, self.close_rcvd and int(self.close_rcvd.code), self.close_sent and int(self.close_sent.code), self.end,
                       self.eof_sent, frozenset(self.circumstances))


def play(case):
    """Brings the reads of a case in."""
    core = Core(case.is_server, case.agreement, case.message_limit, case.frame_limit)
    for read in case.reads:
        core.receive_data(read)
    return core


def complete(core, case):
    """What comes of the frame that has begun, once it is all there. `websockets` judges whole frames, we judge bytes: the
    verdict may come later, but it must be the same."""
    if core.state is OPEN:
        core.takes_one_frame = True
        core.receive_data(bytes(min(case.message_limit, case.frame_limit) + 14))
