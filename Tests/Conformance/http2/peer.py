"""A raw HTTP/2 peer over a blocking socket: it sends what it is told to, right or wrong, and hands on what it gets.

Frames are taken apart and made by hyperframe and hpack, which do not judge; nothing here keeps a peer from breaking rules.
"""

import os
import socket
import struct
import time

from hpack import Decoder, Encoder
from hyperframe import frame as frames

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM = 0, 1, 3, 7, 8, 11
ENABLE_CONNECT_PROTOCOL = 8
INITIAL_WINDOW_SIZE = 4
# For anything that must come. Nothing waits for it unless something is wrong.
DEADLINE = 20


class ConnectionEnded(Exception):
    """The server closed the connection."""


class Peer:
    def __init__(self, port, settings=None, opens_windows=True, sock=None, preface=True):
        self.socket = sock or socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.settimeout(DEADLINE)
        self.opens_windows = opens_windows
        self.encoder, self.decoder = Encoder(), Decoder()
        self.received = b""
        self.queue = []
        self.next_stream = 1
        self.authority = f"127.0.0.1:{port}"
        self.scheme = "http"
        self.is_ended = False
        # What may still be sent, by stream; 0 is the connection.
        self.windows = {0: 65535}
        self.initial_window = 65535
        if preface:
            self.raw(PREFACE)
            self.send(frames.SettingsFrame(0, settings=settings or {}))
            self.settings = self.wait(lambda each: isinstance(each, frames.SettingsFrame) and "ACK" not in each.flags).settings
            self.initial_window = self.settings.get(INITIAL_WINDOW_SIZE, 65535)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ── sending ──

    def raw(self, data):
        self.socket.sendall(data)

    def send(self, frame):
        self.raw(frame.serialize())

    def headers(self, fields, stream=None, end=False, priority=None):
        """HEADERS with these fields, in this order, unchanged. Returns the stream."""
        if stream is None:
            stream, self.next_stream = self.next_stream, self.next_stream + 2
        frame = frames.HeadersFrame(stream, data=self.encoder.encode(fields), flags=["END_HEADERS"] + (["END_STREAM"] if end else []))
        self.send(frame)
        return stream

    def request(self, method="GET", path="/healthz", extra=(), end=True):
        return self.headers([(":method", method), (":scheme", self.scheme), (":authority", self.authority), (":path", path), *extra], end=end)

    def connect_fields(self, path="/echo", extra=(), protocol="websocket", version="13"):
        fields = [(":method", "CONNECT"), (":protocol", protocol), (":scheme", self.scheme), (":authority", self.authority), (":path", path)]
        if version is not None:
            fields.append(("sec-websocket-version", version))
        return [*fields, *extra]

    def data(self, stream, data, end=False):
        self.send(frames.DataFrame(stream, data=data, flags=["END_STREAM"] if end else []))

    def data_in_window(self, stream, data, end=False):
        """DATA as fast as the server's windows allow."""
        view = memoryview(data)
        while True:
            room = min(self.windows[0], self.windows.setdefault(stream, self.initial_window), 16384)
            if len(view) and room <= 0:
                self._wait_for_window(stream)
                continue
            part, view = view[:room], view[room:]
            self.windows[0] -= len(part)
            self.windows[stream] -= len(part)
            self.data(stream, bytes(part), end and not len(view))
            if not len(view):
                return

    def _wait_for_window(self, stream):
        self.queue, waiting = [], self.queue
        try:
            while min(self.windows[0], self.windows[stream]) <= 0:
                waiting.append(self.take())
        finally:
            self.queue = waiting + self.queue

    def reset(self, stream, code=CANCEL):
        self.send(frames.RstStreamFrame(stream, error_code=code))

    def window(self, stream, increment):
        self.send(frames.WindowUpdateFrame(stream, window_increment=increment))

    # ── receiving ──

    def take(self, deadline=DEADLINE):
        """The next frame; SETTINGS and PING are acknowledged on the way, windows opened unless the peer was told not to."""
        if self.queue:
            return self.queue.pop(0)
        until = time.monotonic() + deadline
        while True:
            if len(self.received) >= 9:
                frame, length = frames.Frame.parse_frame_header(memoryview(self.received[:9]))
                if len(self.received) >= 9 + length:
                    frame.parse_body(memoryview(self.received[9:9 + length]))
                    self.received = self.received[9 + length:]
                    self._noticed(frame)
                    return frame
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no frame came")
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(1 << 16)
            except ConnectionResetError:
                more = b""
            finally:
                self.socket.settimeout(DEADLINE)
            if not more:
                self.is_ended = True
                raise ConnectionEnded("the server closed the connection")
            self.received += more

    def _noticed(self, frame):
        if isinstance(frame, frames.HeadersFrame):
            frame.fields = self.decoder.decode(frame.data)
        if isinstance(frame, frames.WindowUpdateFrame):
            default = self.initial_window if frame.stream_id else 65535
            self.windows[frame.stream_id] = self.windows.get(frame.stream_id, default) + frame.window_increment
        if self.is_ended:
            return
        try:
            if isinstance(frame, frames.SettingsFrame) and "ACK" not in frame.flags:
                self.send(frames.SettingsFrame(0, flags=["ACK"]))
            elif isinstance(frame, frames.PingFrame) and "ACK" not in frame.flags:
                self.send(frames.PingFrame(0, opaque_data=frame.opaque_data, flags=["ACK"]))
            elif isinstance(frame, frames.DataFrame) and self.opens_windows and frame.flow_controlled_length:
                self.window(0, frame.flow_controlled_length)
                if "END_STREAM" not in frame.flags:
                    self.window(frame.stream_id, frame.flow_controlled_length)
        except TimeoutError:
            raise
        except OSError:
            # That the connection has ended shows when it is read.
            pass

    def wait(self, condition, deadline=DEADLINE):
        """The first frame that fulfils the condition; the others wait in the queue."""
        for index, frame in enumerate(self.queue):
            if condition(frame):
                return self.queue.pop(index)
        skipped, self.queue = self.queue, []
        until = time.monotonic() + deadline
        try:
            while True:
                frame = self.take(max(0.01, until - time.monotonic()))
                if condition(frame):
                    return frame
                skipped.append(frame)
        finally:
            self.queue = skipped + self.queue

    def response(self, stream):
        """Header fields as a dictionary; a reset is an error that says so."""
        frame = self.wait(lambda each: each.stream_id == stream and isinstance(each, (frames.HeadersFrame, frames.RstStreamFrame)))
        if isinstance(frame, frames.RstStreamFrame):
            raise AssertionError(f"stream {stream} was reset with {frame.error_code} instead of answered")
        return dict(frame.fields)

    def reset_code(self, stream):
        frame = self.wait(lambda each: each.stream_id == stream and isinstance(each, (frames.HeadersFrame, frames.RstStreamFrame)))
        if isinstance(frame, frames.HeadersFrame):
            raise AssertionError(f"stream {stream} was answered with {frame.fields} instead of reset")
        return frame.error_code

    def body(self, stream):
        body = b""
        while True:
            frame = self.wait(lambda each: each.stream_id == stream)
            if isinstance(frame, frames.DataFrame):
                body += frame.data
            if "END_STREAM" in frame.flags:
                return body
            if isinstance(frame, frames.RstStreamFrame):
                raise AssertionError(f"reset with {frame.error_code} after {len(body)} bytes")

    def goaway(self):
        """The code of GOAWAY; None if the connection ends without one. It is an error if neither comes."""
        try:
            return self.wait(lambda each: isinstance(each, frames.GoAwayFrame)).error_code
        except ConnectionEnded:
            return None

    def until_end(self):
        """All frames until the server closes the connection. It is an error if it does not."""
        found = []
        try:
            while True:
                found.append(self.take())
        except ConnectionEnded:
            return found

    def is_well(self):
        """A plain request is answered on this connection."""
        stream = self.request()
        fields = self.response(stream)
        if fields[":status"] != "200":
            raise AssertionError(f"/healthz says {fields}")
        self.body(stream)


class WebSocket:
    """The WebSocket of a stream: RFC 6455 frames in DATA frames."""

    def __init__(self, peer, path="/echo", extra=(), stream=None):
        self.peer = peer
        self.stream = stream if stream is not None else peer.headers(peer.connect_fields(path, extra))
        self.fields = peer.response(self.stream)
        if self.fields[":status"] != "200":
            raise AssertionError(f"refused: {self.fields}")
        self.bytes = b""
        self.is_ended = False

    @staticmethod
    def frame(opcode, payload=b"", final=True, masked=True, rsv1=False):
        head = bytes([(0x80 if final else 0) | (0x40 if rsv1 else 0) | opcode])
        mask_bit = 0x80 if masked else 0
        count = len(payload)
        if count < 126:
            head += bytes([mask_bit | count])
        elif count < 65536:
            head += bytes([mask_bit | 126]) + struct.pack("!H", count)
        else:
            head += bytes([mask_bit | 127]) + struct.pack("!Q", count)
        if not masked:
            return head + payload
        key = os.urandom(4)
        repeated = (key * (count // 4 + 1))[:count]
        masked_payload = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(count, "big") if count else b""
        return head + key + masked_payload

    def send(self, opcode, payload=b"", end=False, size=1 << 30, **how):
        whole = self.frame(opcode, payload, **how)
        for start in range(0, len(whole), size):
            self.peer.data_in_window(self.stream, whole[start:start + size], end and start + size >= len(whole))

    def _fill(self):
        frame = self.peer.wait(lambda each: each.stream_id == self.stream and not isinstance(each, frames.WindowUpdateFrame))
        if isinstance(frame, frames.RstStreamFrame):
            raise AssertionError(f"the stream was reset with {frame.error_code}")
        if isinstance(frame, frames.DataFrame):
            self.bytes += frame.data
        if "END_STREAM" in frame.flags:
            self.is_ended = True

    def take(self):
        """(opcode, payload, rsv1) of the next frame; pings of the server are answered on the way."""
        while True:
            frame = self._take()
            if frame[0] != 9:
                return frame
            self.send(10, frame[1])

    def _take(self):
        def ensure(count):
            while len(self.bytes) < count:
                if self.is_ended:
                    raise AssertionError("the stream ended")
                self._fill()
        ensure(2)
        opcode, count, offset = self.bytes[0], self.bytes[1], 2
        if count & 0x80:
            raise AssertionError("the server masks")
        if count == 126:
            ensure(4)
            count, offset = struct.unpack("!H", self.bytes[2:4])[0], 4
        elif count == 127:
            ensure(10)
            count, offset = struct.unpack("!Q", self.bytes[2:10])[0], 10
        ensure(offset + count)
        payload, self.bytes = self.bytes[offset:offset + count], self.bytes[offset + count:]
        return opcode & 0x0F, payload, bool(opcode & 0x40)

    def echo(self, opcode, payload):
        self.send(opcode, payload)
        got = self.take()[:2]
        if got != (opcode, payload):
            raise AssertionError(f"{len(payload)} bytes came back as opcode {got[0]}, {len(got[1])} bytes")

    def close_code(self):
        opcode, payload, _ = self.take()
        if opcode != 8:
            raise AssertionError(f"opcode {opcode} instead of Close")
        return struct.unpack("!H", payload[:2])[0] if payload else None

    def end(self):
        """Waits for END_STREAM of the server."""
        while not self.is_ended:
            self._fill()
