"""Groups of WebSockets for a closed loop: over HTTP/1.1, or many of them on connections of HTTP/2; over TLS or not.

A round sends one message on each and takes all echoes. Of an echo only its length is read.
"""

import socket
import ssl
import struct
from collections import deque

from .processes import MeasurementError

DEADLINE = 20
HANDSHAKE = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
ACKNOWLEDGMENT, END_HEADERS = 1, 4
MAXIMUM_WINDOW, INITIAL_WINDOW, MAXIMUM_FRAME = (1 << 31) - 1, 65535, 16384


def dial(port: int, context: ssl.SSLContext | None) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), DEADLINE)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain) if context else plain


def message(byte_count: int) -> tuple[bytes, int]:
    """A binary frame of a client, and how many bytes its echo has. Masked with zeros: the server unmasks it all the same."""
    if byte_count < 126:
        return bytes([0x82, 0x80 | byte_count]) + bytes(4 + byte_count), 2 + byte_count
    return b"\x82\xfe" + struct.pack("!H", byte_count) + bytes(4 + byte_count), 4 + byte_count


def take(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            raise MeasurementError("the server closed a connection")
        found += more
    return found


def upgraded(port: int, context: ssl.SSLContext | None) -> socket.socket:
    connection = dial(port, context)
    connection.sendall(HANDSHAKE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += take(connection, 1) if head else connection.recv(4096)
    if not head.startswith(b"HTTP/1.1 101"):
        raise MeasurementError(f"no upgrade: {head!r}")
    return connection


class OverHTTP1:
    def __init__(self, port: int, count: int, context: ssl.SSLContext | None = None):
        self.connections = [upgraded(port, context) for _ in range(count)]

    def round(self, frame: bytes, echo_byte_count: int) -> int:
        for connection in self.connections:
            connection.sendall(frame)
        for connection in self.connections:
            take(connection, echo_byte_count)
        return len(self.connections)

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


class OverHTTP2:
    """So many connections with so many WebSockets on each (RFC 8441)."""

    def __init__(self, port: int, connections: int, streams: int, context: ssl.SSLContext | None = None):
        self.connections = [HTTP2Connection(port, streams, context) for _ in range(connections)]

    def round(self, frame: bytes, echo_byte_count: int) -> int:
        for connection in self.connections:
            connection.send(frame)
        return sum(connection.take(echo_byte_count) for connection in self.connections)

    def close(self) -> None:
        for connection in self.connections:
            connection.socket.close()


class HTTP2Connection:
    """Tells the server to send as it likes, and obeys the server's windows."""

    def __init__(self, port: int, streams: int, context: ssl.SSLContext | None):
        self.socket = dial(port, context)
        self.buffer = b""
        self.initial_window = INITIAL_WINDOW
        self.windows = {0: INITIAL_WINDOW}
        self.received: dict[int, int] = {}
        self.opened = 0
        self.is_enabled = False
        window = struct.pack("!HI", 4, MAXIMUM_WINDOW)
        self.socket.sendall(PREFACE + framed(SETTINGS, 0, 0, window)
                            + framed(WINDOW_UPDATE, 0, 0, struct.pack("!I", MAXIMUM_WINDOW - INITIAL_WINDOW)))
        fields = ((":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https" if context else "http"), (":path", "/"),
                  (":authority", "127.0.0.1"), ("sec-websocket-version", "13"))
        block = b"".join(literal(name, value) for name, value in fields)
        # Only once the server has said that it takes extended CONNECT.
        while not self.is_enabled:
            self.read()
        for number in range(streams):
            stream = 2 * number + 1
            self.windows[stream] = self.initial_window
            self.received[stream] = 0
            self.socket.sendall(framed(HEADERS, END_HEADERS, stream, block))
        while self.opened < streams:
            self.read()

    def send(self, message: bytes) -> None:
        """The message on each of the streams, as far as possible in one write."""
        waiting = []
        for stream in self.received:
            rest = deque(message[start:start + MAXIMUM_FRAME] for start in range(0, len(message), MAXIMUM_FRAME))
            while rest:
                if min(self.windows[0], self.windows[stream]) < len(rest[0]):
                    self.socket.sendall(b"".join(waiting))
                    waiting.clear()
                    self.read()
                    continue
                part = rest.popleft()
                self.windows[0] -= len(part)
                self.windows[stream] -= len(part)
                waiting.append(framed(DATA, 0, stream, part))
        self.socket.sendall(b"".join(waiting))

    def take(self, byte_count: int) -> int:
        """Waits for so many bytes on each of the streams."""
        while any(count < byte_count for count in self.received.values()):
            self.read()
        for stream in self.received:
            self.received[stream] -= byte_count
        return len(self.received)

    def read(self) -> None:
        more = self.socket.recv(262144)
        if not more:
            raise MeasurementError("the server closed a connection")
        self.buffer += more
        at = 0
        while len(self.buffer) - at >= 9:
            length = int.from_bytes(self.buffer[at:at + 3], "big")
            if len(self.buffer) - at - 9 < length:
                break
            kind, flags, stream = struct.unpack_from("!BBI", self.buffer, at + 3)
            self.frame(kind, flags, stream, at + 9, length)
            at += 9 + length
        self.buffer = self.buffer[at:]

    def frame(self, kind: int, flags: int, stream: int, start: int, length: int) -> None:
        if kind == DATA:
            self.received[stream] += length
        elif kind == WINDOW_UPDATE:
            self.windows[stream] += struct.unpack_from("!I", self.buffer, start)[0]
        elif kind == HEADERS:
            # Status 200 has a place of its own in the table of HPACK (RFC 7541, appendix A).
            if self.buffer[start] != 0x88:
                raise MeasurementError("a WebSocket was refused")
            self.opened += 1
        elif kind == SETTINGS and not flags & ACKNOWLEDGMENT:
            for at in range(start, start + length, 6):
                identifier, value = struct.unpack_from("!HI", self.buffer, at)
                if identifier == 4:
                    self.initial_window = value
                self.is_enabled = self.is_enabled or (identifier, value) == (8, 1)
            self.socket.sendall(framed(SETTINGS, ACKNOWLEDGMENT, 0, b""))
        elif kind == PING and not flags & ACKNOWLEDGMENT:
            self.socket.sendall(framed(PING, ACKNOWLEDGMENT, 0, self.buffer[start:start + length]))
        elif kind not in (SETTINGS, PING):
            raise MeasurementError(f"a frame of type {kind} came, on stream {stream}")


def framed(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + struct.pack("!BBI", kind, flags, stream) + payload


def literal(name: str, value: str) -> bytes:
    """A header field as it is, without table and Huffman code."""
    return bytes([0, len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
