"""permessage-deflate as `websockets` does it, watched: some of its results depend on what a disagreement has to be judged by."""

import zlib

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import DATA_OPCODES, Opcode


class Deflate(PerMessageDeflate):
    """Tells of circumstances under which `websockets` is known to go its own way."""

    def __init__(self, agreement, message_limit, is_strict, circumstances):
        self.message_limit, self.is_strict, self.circumstances = message_limit, is_strict, circumstances
        self.wire_size = 0
        super().__init__(not agreement.receive_takeover, not agreement.send_takeover, agreement.receive_window_bits,
                         max(9, agreement.send_window_bits))

    @property
    def decoder(self):
        return self.current_decoder

    @decoder.setter
    def decoder(self, decoder):
        self.current_decoder = StrictDecoder(decoder) if self.is_strict else decoder

    @decoder.deleter
    def decoder(self):
        """Where there is no context takeover it is dropped; here it is looked at once more."""

    def is_compressed(self, frame):
        return self.decode_cont_data if frame.opcode == Opcode.CONT else frame.opcode in DATA_OPCODES and frame.rsv1

    def decode(self, frame, *, max_size=None):
        if not self.is_compressed(frame):
            return super().decode(frame, max_size=max_size)
        self.wire_size = len(frame.data) + (self.wire_size if frame.opcode == Opcode.CONT else 0)
        if self.message_limit is not None and self.wire_size > self.message_limit:
            self.circumstances.add("longer than the limit while compressed")
        try:
            decoded = super().decode(frame, max_size=max_size)
            if len(decoded.data) == max_size:
                self.circumstances.add("limit reached")
            return decoded
        finally:
            if self.decoder.eof:
                self.circumstances.add("final block")
            elif frame.fin and not is_between_blocks(self.decoder):
                self.circumstances.add("unfinished block")


def is_between_blocks(decoder):
    """True if a block ended with the bytes so far, at a whole byte: only then an empty last block is one."""
    try:
        probe = decoder.copy()
        return probe.decompress(b"\x01\x00\x00\xff\xff") == b"" and probe.eof and not probe.unused_data
    except (zlib.error, ValueError):
        return False


class StrictDecoder:
    """Gives zlib one byte after the other. zlib takes a repetition from beyond the window as long as it has the bytes at hand,
    which depends on how much it was given at once; so it never has more than the window."""

    def __init__(self, decoder):
        self.decoder = decoder
        self.unconsumed_tail = b""

    @property
    def eof(self):
        return self.decoder.eof

    def copy(self):
        return self.decoder.copy()

    def decompress(self, data, max_length=0):
        output = b""
        for place in range(len(data)):
            output += self.decoder.decompress(data[place:place + 1])
            if max_length and len(output) > max_length:
                self.unconsumed_tail = data[place:]
                return output[:max_length]
        return output
