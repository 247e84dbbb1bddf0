"""What Socket.IO costs a server: memory per client, a broadcast, and a polled event beside one over WebSocket.

The clients are raw sockets that read no more of a packet than they must.
"""

import json
import selectors
import socket
import struct
import time
from dataclasses import dataclass

from .compressed import cpu_seconds, resident_kib
from .processes import MeasurementError

# What a browser sends with each poll.
BROWSER = (
    "Host: 127.0.0.1:8080\r\nConnection: keep-alive\r\n"
    'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: "Linux"\r\n'
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
    "Accept: */*\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    "Referer: http://127.0.0.1:8080/\r\nAccept-Encoding: identity\r\nAccept-Language: en-US,en;q=0.9\r\n")
DEADLINE = 20


def dial(port: int) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), DEADLINE)
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return found


def text_frame(text: str) -> bytes:
    payload = text.encode()
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
    # Masked with zeros: the server unmasks it all the same.
    return b"\x81" + length + bytes(4) + payload


class WebSocketClient:
    """A session over WebSocket that is in the main namespace."""

    def __init__(self, port: int):
        self.socket = dial(port)
        self.buffer = b""
        self.received_bytes = 0
        self.socket.sendall((f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n{BROWSER}Upgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(65536)
        self.buffer = self.buffer.partition(b"\r\n\r\n")[2]
        self.take(b"0{")
        self.socket.sendall(text_frame("40"))
        self.take(b"40{")

    def frames(self):
        """The payloads that are complete."""
        at = 0
        while len(self.buffer) - at >= 2:
            short = self.buffer[at + 1]
            start = at + (2 if short < 126 else 4)
            length = short if short < 126 else int.from_bytes(self.buffer[at + 2:at + 4], "big")
            if len(self.buffer) < start + length:
                break
            at = start + length
            yield self.buffer[start:at]
        self.buffer = self.buffer[at:]

    def read(self) -> int:
        """Reads once; how many events are complete. Pings are answered."""
        data = self.socket.recv(262144)
        if not data:
            raise MeasurementError("the server closed a connection")
        self.received_bytes += len(data)
        self.buffer += data
        count = 0
        for payload in self.frames():
            if payload == b"2":
                self.socket.sendall(text_frame("3"))
            else:
                count += payload.startswith(b"42")
        return count

    def take(self, begin: bytes) -> None:
        while True:
            for payload in self.frames():
                if payload.startswith(begin):
                    return
            self.buffer += self.socket.recv(65536)


class Response:
    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.buffer = b""

    def read(self) -> tuple[bytes, int]:
        """One response: its body, and how many bytes it took."""
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, _, rest = self.buffer.partition(b"\r\n\r\n")
        length = int(next(line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")))
        while len(rest) < length:
            self.more()
            rest = self.buffer.partition(b"\r\n\r\n")[2]
        self.buffer = rest[length:]
        if not head.startswith(b"HTTP/1.1 200"):
            raise MeasurementError(f"a poll was answered with {head.splitlines()[0]!r}")
        return rest[:length], len(head) + 4 + length

    def more(self) -> None:
        data = self.connection.recv(262144)
        if not data:
            raise MeasurementError("the server closed a polling connection")
        self.buffer += data


class PollingClient:
    """A session over polling that is in the main namespace, with a poll that waits."""

    def __init__(self, port: int, posts: bool = True):
        self.poll_socket = dial(port)
        self.poll_response = Response(self.poll_socket)
        self.target = "/socket.io/?EIO=4&transport=polling"
        self.get()
        self.target += "&sid=" + json.loads(self.poll_response.read()[0][1:])["sid"]
        self.push_socket = dial(port)
        self.push_response = Response(self.push_socket)
        self.post("40")
        self.push_response.read()
        while True:
            self.get()
            if b"40{" in self.poll_response.read()[0]:
                break
        if not posts:
            self.push_socket.close()
        self.get()

    def get(self) -> int:
        request = f"GET {self.target}&t=Pabc123 HTTP/1.1\r\n{BROWSER}\r\n".encode()
        self.poll_socket.sendall(request)
        return len(request)

    def post(self, body: str) -> int:
        request = (f"POST {self.target}&t=Pabc123 HTTP/1.1\r\n{BROWSER}Content-Type: text/plain;charset=UTF-8\r\n"
                   f"Origin: http://127.0.0.1:8080\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()
        self.push_socket.sendall(request)
        return len(request)

    def round(self, event: str) -> int:
        """Sends an event and waits for its echo; bytes both ways."""
        count = self.post(event)
        count += self.push_response.read()[1]
        while True:
            body, size = self.poll_response.read()
            count += size + self.get()
            if b"2" in body.split(b"\x1e"):
                self.post("3")
                self.push_response.read()
            if b"42[" in body:
                return count


@dataclass
class Broadcast:
    deliveries_per_second: float
    cpu_per_delivery: float


def broadcast(port: int, pid: int, clients: int, byte_count: int, seconds: float, in_flight: int) -> Broadcast:
    """One client sends some events together, all get them; the next are sent when the last client has them."""
    opened = [WebSocketClient(port) for _ in range(clients)]
    events = text_frame(f'42["message","{"x" * byte_count}"]') * in_flight
    selector = selectors.DefaultSelector()
    for client in opened:
        selector.register(client.socket, selectors.EVENT_READ, client)

    def rounds(until: float) -> int:
        deliveries = 0
        while time.monotonic() < until:
            opened[0].socket.sendall(events)
            missing = clients * in_flight
            while missing:
                ready = selector.select(DEADLINE)
                if not ready:
                    raise MeasurementError(f"{missing} of {clients} deliveries did not come")
                for key, _ in ready:
                    missing -= key.data.read()
            deliveries += clients * in_flight
        return deliveries

    rounds(time.monotonic() + seconds / 3)
    begin, cpu = time.monotonic(), cpu_seconds(pid)
    deliveries = rounds(begin + seconds)
    spent, took = cpu_seconds(pid) - cpu, time.monotonic() - begin
    for client in opened:
        client.socket.close()
    return Broadcast(deliveries / took, spent / deliveries * 1e6)


@dataclass
class Echo:
    cpu_per_event: float
    bytes_per_event: float


def echo_over_polling(port: int, pid: int, clients: int, byte_count: int, seconds: float) -> Echo:
    opened = [PollingClient(port) for _ in range(clients)]
    event = f'42["echo","{"x" * byte_count}"]'
    cpu, until, events, size = cpu_seconds(pid), time.monotonic() + seconds, 0, 0
    while time.monotonic() < until:
        for client in opened:
            size += client.round(event)
        events += clients
    spent = cpu_seconds(pid) - cpu
    return Echo(spent / events * 1e6, size / events)


def echo_over_web_socket(port: int, pid: int, clients: int, byte_count: int, seconds: float) -> Echo:
    opened = [WebSocketClient(port) for _ in range(clients)]
    event = text_frame(f'42["echo","{"x" * byte_count}"]')
    for client in opened:
        client.received_bytes = 0
    cpu, until, events = cpu_seconds(pid), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        for client in opened:
            client.socket.sendall(event)
            while not client.read():
                pass
        events += clients
    spent = cpu_seconds(pid) - cpu
    size = events * len(event) + sum(client.received_bytes for client in opened)
    return Echo(spent / events * 1e6, size / events)


def memory_per_client(port: int, pid: int, clients: int, make) -> float:
    """KiB of resident memory for each of many clients that are connected and say nothing."""
    warm = [make(port) for _ in range(100)]
    del warm
    time.sleep(1)
    before = resident_kib(pid)
    opened = [make(port) for _ in range(clients)]
    time.sleep(1)
    return (resident_kib(pid) - before) / len(opened)


def parked(port: int) -> PollingClient:
    return PollingClient(port, posts=False)


