"""Echoes of compressed JSON: the load, and what it costs a server.

The load is made of frames that were compressed before, so it is cheap to send; of the echoes only the lengths are read, but
for the first of each connection, whose content is compared.
"""

import json
import random
import selectors
import socket
import struct
import time
import zlib

from .processes import MeasurementError

HANDSHAKE = (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
             b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")
WORDS = "hello how are you the meeting is at noon lunch deploy finished with errors please review branch thanks see".split()
DISTINCT = 200


def messages(byte_count: int) -> list[bytes]:
    """JSON of a chat; the same each time."""
    dice = random.Random(1)
    made = []
    for number in range(DISTINCT):
        fields = {"type": "message", "id": f"{dice.getrandbits(64):016x}", "room": f"room-{dice.randrange(20)}",
                  "user": {"id": dice.randrange(5000), "avatar": f"https://cdn.example.com/{dice.randrange(5000)}.png"},
                  "timestamp": 1_700_000_000_000 + number * 137, "text": ""}
        room = byte_count - len(json.dumps(fields))
        text = ""
        while len(text) < room:
            text += dice.choice(WORDS) + " " if dice.random() < 0.9 else f"{dice.getrandbits(32):x} "
        made.append(json.dumps(fields | {"text": text[:room]}).encode())
    return made


def frame(message: bytes) -> bytes:
    """Compressed without context, masked with zeros: the server unmasks it all the same."""
    engine = zlib.compressobj(6, zlib.DEFLATED, -9)
    payload = (engine.compress(message) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]
    return bytes([0xC1, 0x80 | 126]) + struct.pack("!H", len(payload)) + bytes(4) + payload


class Connection:
    def __init__(self, port: int, start: int):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(HANDSHAKE)
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(4096)
        if b"permessage-deflate" not in head:
            raise MeasurementError(f"the server does not compress: {head!r}")
        self.buffer = b""
        self.next = start
        self.received_bytes = 0

    def send(self, frames: list[bytes]) -> None:
        self.socket.sendall(frames[self.next % DISTINCT])
        self.next += 1

    def receive(self) -> int:
        """Reads once; how many echoes are complete."""
        data = self.socket.recv(65536)
        if not data:
            raise MeasurementError("the server closed a connection")
        self.received_bytes += len(data)
        self.buffer += data
        count = 0
        while (length := self.frame_length()) is not None and len(self.buffer) >= length:
            # Keep-alive pings are no echoes; a run is over before one must be answered.
            count += self.buffer[0] & 0x0F < 8
            self.buffer = self.buffer[length:]
        return count

    def frame_length(self) -> int | None:
        if len(self.buffer) < 2:
            return None
        short = self.buffer[1] & 0x7F
        if short < 126:
            return 2 + short
        if len(self.buffer) < 4:
            return None
        return 4 + struct.unpack_from("!H", self.buffer, 2)[0]

    def check_first(self, sent: bytes) -> None:
        while (length := self.frame_length()) is None or len(self.buffer) < length or self.buffer[0] & 0x0F >= 8:
            if length is not None and len(self.buffer) >= length:
                self.buffer = self.buffer[length:]
            else:
                self.buffer += self.socket.recv(65536)
        payload = self.buffer[4 if self.buffer[1] & 0x7F == 126 else 2:length]
        if not self.buffer[0] & 0x40:
            raise MeasurementError("the first echo is not compressed")
        if zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff") != sent:
            raise MeasurementError("the first echo is not what was sent")
        self.buffer = self.buffer[length:]


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


def cpu_per_message(port: int, pid: int, connections: int, byte_count: int, seconds: float) -> tuple[float, float]:
    """µs of the server per echo with one message in flight per connection, and the ratio of bytes saved in its echoes."""
    plain = messages(byte_count)
    frames = [frame(message) for message in plain]
    opened = [Connection(port, index * 7) for index in range(connections)]
    selector = selectors.DefaultSelector()
    for connection in opened:
        connection.send(frames)
        connection.check_first(plain[(connection.next - 1) % DISTINCT])
        connection.received_bytes = 0
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(frames)
    warm_until = time.monotonic() + seconds / 3
    end, start_cpu, echoes, spent_bytes = None, 0.0, 0, 0
    while end is None or time.monotonic() < end:
        for key, _ in selector.select(1):
            count = key.data.receive()
            for _ in range(count):
                key.data.send(frames)
            echoes += count
        if end is None and time.monotonic() > warm_until:
            end, start_cpu, echoes = time.monotonic() + seconds, cpu_seconds(pid), 0
            spent_bytes = -sum(connection.received_bytes for connection in opened)
    spent = cpu_seconds(pid) - start_cpu
    spent_bytes += sum(connection.received_bytes for connection in opened)
    for connection in opened:
        connection.socket.close()
    return spent / echoes * 1e6, echoes * byte_count / spent_bytes


def memory_per_connection(port: int, pid: int, connections: int, byte_count: int) -> float:
    """KiB of resident memory per connection of which each has compressed and decompressed twenty messages."""
    plain = messages(byte_count)
    frames = [frame(message) for message in plain]
    before = resident_kib(pid)
    opened = []
    for index in range(connections):
        connection = Connection(port, index)
        for _ in range(20):
            connection.send(frames)
            while connection.receive() == 0:
                pass
        opened.append(connection)
    time.sleep(1)
    grown = resident_kib(pid) - before
    for connection in opened:
        connection.socket.close()
    return grown / connections
