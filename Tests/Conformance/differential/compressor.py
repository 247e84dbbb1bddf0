"""The peer's compressor: every way to write deflate data that RFC 7692 §7.2 allows, and some that it does not."""

import zlib

TAIL = b"\x00\x00\xff\xff"
FLUSHES = (zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH, zlib.Z_BLOCK, zlib.Z_PARTIAL_FLUSH)
STRATEGIES = (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED, zlib.Z_FILTERED)


def repetition(distance):
    """A block with fixed codes (RFC 1951 §3.2.6) that repeats three bytes from so far back, and the header of an empty block."""
    code = next(code for code in range(29, -1, -1) if base(code) <= distance)
    extra = max(0, code // 2 - 1)
    # Codes have their highest bit first, all else the lowest.
    bits = "010" + "0000001" + f"{code:05b}" + (f"{distance - base(code):0{extra}b}"[::-1] if extra else "") + "0000000" + "000"
    return bytes(int(bits[place:place + 8][::-1], 2) for place in range(0, len(bits), 8))


def base(code):
    """The smallest distance with this code."""
    return code + 1 if code < 4 else (2 + code % 2 << code // 2 - 1) + 1


class Compressor:
    def __init__(self, dice, window_bits, takeover):
        self.dice, self.window_bits, self.takeover = dice, window_bits, takeover
        self.history = b""
        self.stream = None

    def start(self):
        dice = self.dice
        # zlib has no window of 2^8 bytes here; that of 2^9 refers back by 250 bytes at most.
        options = [dice.choice((0, 1, 1, 6, 9)), zlib.DEFLATED, -max(9, self.window_bits), dice.randint(1, 9), dice.choice(STRATEGIES)]
        if self.history:
            options.append(self.history)
        self.stream = zlib.compressobj(*options)

    def compress(self, payload):
        """The payload of the frames of a message, and where in it which bytes of the message have been flushed."""
        dice = self.dice
        if not self.takeover:
            self.stream, self.history = None, b""
        # A new stream with the history of the old one is what a compressor with other settings looks like.
        if self.stream is None or dice.random() < 0.1:
            self.start()
        self.history = (self.history + payload)[-(1 << self.window_bits):]
        cuts = sorted(dice.randrange(len(payload) + 1) for _ in range(dice.choice((0, 0, 0, 1, 2))))
        pieces = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)])]
        body, flushed = b"", []
        for piece, end in zip(pieces[:-1], cuts):
            body += self.stream.compress(piece) + self.stream.flush(dice.choice(FLUSHES))
            flushed.append((len(body), end))
        body += self.stream.compress(pieces[-1])
        if dice.random() < 0.05:
            # A last block (§7.2.3.4), and an empty one behind it that lacks its tail.
            body += self.stream.flush(zlib.Z_FINISH) + b"\0"
            self.stream = None
            return body, flushed
        body += self.stream.flush(zlib.Z_SYNC_FLUSH)
        if not body.endswith(TAIL):
            # Two flushes on end leave out the second.
            return body + b"\0", flushed
        return body[:-4] if dice.random() < 0.9 else body + b"\0", flushed

    def repeat(self):
        """A message of three bytes that are repeated from as far back as the window reaches, where zlib never goes. Nothing
        without a history."""
        distance = min(len(self.history), 1 << self.window_bits)
        if not self.takeover or distance < 3:
            return None
        payload = self.history[len(self.history) - distance:][:3]
        self.history = (self.history + payload)[-(1 << self.window_bits):]
        self.stream = None
        return payload, repetition(distance)
