"""A raw HTTP/2 server for `martlet connect`: it says what it is told to, right or wrong, and hands on what the client sends."""

import socket
import sys
import time
from pathlib import Path

from hyperframe import frame as frames

from peer import DEADLINE, ENABLE_CONNECT_PROTOCOL, PREFACE, ConnectionEnded, Peer

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))
from client_play import Client as RawClient  # noqa: E402
from frames import frame as encoded, mask, read_frame  # noqa: E402
from harness import check, equal  # noqa: E402

SPEAKS = {ENABLE_CONNECT_PROTOCOL: 1}


class Upstream(Peer):
    """The server's end of a connection."""

    def __init__(self, sock, settings=SPEAKS):
        super().__init__(0, sock=sock, preface=False)
        self.bytes = b""
        self.is_stream_ended = False
        self.has_announced = False
        self.owes_acknowledgment = False
        while len(self.received) < len(PREFACE):
            more = self.socket.recv(1 << 16)
            check(more, f"the connection ended after {self.received!r}")
            self.received += more
        check(self.received.startswith(PREFACE), f"no preface: {self.received[:40]!r}")
        self.received = self.received[len(PREFACE):]
        if settings is not None:
            self.announce(settings)
        # A client's first frame (RFC 9113 §3.4).
        first = self.take()
        check(isinstance(first, frames.SettingsFrame) and "ACK" not in first.flags, f"{first} instead of SETTINGS")
        self.settings = first.settings

    def announce(self, *settings):
        """SETTINGS, several of them in one segment. The first must be the first frame of all."""
        self.has_announced = True
        self.raw(b"".join(frames.SettingsFrame(0, settings=each).serialize() for each in settings))
        if self.owes_acknowledgment:
            self.owes_acknowledgment = False
            self.send(frames.SettingsFrame(0, flags=["ACK"]))

    def _noticed(self, frame):
        if isinstance(frame, frames.SettingsFrame) and "ACK" not in frame.flags and not self.has_announced:
            self.owes_acknowledgment = True
        else:
            super()._noticed(frame)

    def silence(self, duration):
        """Nothing but acknowledgments comes for so many seconds."""
        until = time.monotonic() + duration
        try:
            while True:
                frame = self.take(max(0.01, until - time.monotonic()))
                check(isinstance(frame, frames.SettingsFrame) and "ACK" in frame.flags, f"{frame} came")
        except TimeoutError:
            pass

    def opening(self):
        """HEADERS of the request; `fields` has them in their order."""
        return self.wait(lambda each: isinstance(each, frames.HeadersFrame))

    def answer(self, *fields, status="200", stream=1, end=False):
        self.headers([(":status", status), *fields], stream=stream, end=end)

    def asks_for_nothing(self):
        """The client closes without having sent HEADERS."""
        found = [each for each in self.until_end() if isinstance(each, frames.HeadersFrame)]
        check(not found, f"the client asked: {found}")

    # ── the WebSocket of stream 1 ──

    def say(self, opcode, payload=b"", end=False, **how):
        self.data(1, encoded(opcode, payload, key=None, **how), end=end)

    def _read(self, count):
        while len(self.bytes) < count:
            frame = self.wait(lambda each: each.stream_id == 1 and not isinstance(each, frames.WindowUpdateFrame))
            check(isinstance(frame, frames.DataFrame), f"{frame} instead of DATA")
            check(not self.is_stream_ended, f"{frame} behind END_STREAM")
            self.bytes += frame.data
            self.is_stream_ended = "END_STREAM" in frame.flags
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def hear(self):
        """The next frame of WebSocket, which must be masked; keep-alive pings are passed over."""
        while True:
            found = read_frame(self._read, True)
            if found.opcode != 9:
                return found

    def hear_compressed(self):
        """The payload of a short frame of text with RSV1."""
        first, second = self._read(2)
        check(first == 0xC1 and 0x80 <= second < 0x80 + 126, f"{first:#x}, {second:#x} instead of a short compressed text")
        key = self._read(4)
        return mask(self._read(second & 0x7F), key)

    def hears_end(self):
        """END_STREAM, and nothing else before it."""
        while not self.is_stream_ended:
            frame = self.wait(lambda each: each.stream_id == 1 and not isinstance(each, frames.WindowUpdateFrame))
            check(isinstance(frame, frames.DataFrame), f"{frame} instead of END_STREAM")
            equal(frame.data, b"", "data behind Close")
            self.is_stream_ended = "END_STREAM" in frame.flags


class Client(RawClient):
    """`martlet connect --http2` with prior knowledge, and the socket it connects to."""

    def __init__(self, *arguments, url="ws://127.0.0.1:{port}/", version=("--http2",)):
        super().__init__(url, *version, *arguments)

    def accept(self, settings=SPEAKS, context=None):
        return Upstream(self.accept_socket(context), settings)

    def accept_socket(self, context=None):
        try:
            sock = self.listener.accept()[0]
        except socket.timeout:
            raise AssertionError(f"the client did not connect: {self.error_text()!r}") from None
        sock.settimeout(DEADLINE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock if context is None else context.wrap_socket(sock, server_side=True)

    def fails(self, status, *parts):
        """Ends with this status and says these words."""
        equal(self.exit_status(), status, f"exit status, with {self.error_text()!r}")
        for part in parts:
            check(part in self.error_text(), f"no {part!r} in {self.error_text()!r}")


def accepted(client, *fields, settings=SPEAKS):
    """A connection whose WebSocket is open on both sides."""
    peer = client.accept(settings)
    peer.opening()
    peer.answer(*fields)
    return peer
