"""HTTP by hand and sessions of Engine.IO: what all cases stand on. Everything awaited has a deadline."""

import asyncio
import json
import zlib
from dataclasses import dataclass

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

# For one wait. Long, because machines that test are busy; nothing waits for it unless something is wrong.
DEADLINE = 10.0
SEPARATOR = "\x1e"


class Failure(Exception):
    """The server did something else than it should."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: {actual!r} instead of {expected!r}")


@dataclass
class Response:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        body = zlib.decompress(self.body, 31) if self.headers.get("content-encoding") == "gzip" else self.body
        return body.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.text)


class Request:
    """One request on a connection of its own, which may stay unanswered for a while."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def response(self):
        async with asyncio.timeout(DEADLINE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {}
            for line in head[1:]:
                name, _, value = line.partition(":")
                if name:
                    headers[name.strip().lower()] = value.strip()
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Response(int(head[0].split(" ")[1]), headers, body)

    async def is_parked(self, seconds=0.1):
        """True if nothing has come."""
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(1)
        except TimeoutError:
            return True

    def abort(self):
        self.writer.transport.abort()

    def close(self):
        self.writer.close()


class Server:
    def __init__(self, port, path="/engine.io/"):
        self.port = port
        self.path = path

    def target(self, **query):
        parameters = "&".join(f"{name}={value}" for name, value in query.items())
        return f"{self.path}?{parameters}" if parameters else self.path

    async def start(self, method, body=None, headers=None, announced=None, **query):
        """Sends a request and does not wait for the answer. `announced`: the length to claim, if it is not the body's."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=8 << 20)
        lines = [f"{method} {self.target(**query)} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        fields = dict(headers or {})
        if body is not None:
            body = body.encode() if isinstance(body, str) else body
            fields.setdefault("Content-Type", "text/plain;charset=UTF-8")
            fields["Content-Length"] = str(len(body) if announced is None else announced)
        lines += [f"{name}: {value}" for name, value in fields.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b""))
        return Request(reader, writer)

    async def ask(self, method, body=None, headers=None, **query):
        request = await self.start(method, body, headers, **query)
        try:
            return await request.response()
        finally:
            request.close()

    async def open(self, headers=None):
        """Opens a session over polling."""
        response = await self.ask("GET", headers=headers, EIO=4, transport="polling")
        equal(response.status, 200, "status of the handshake")
        return Session(self, json.loads(response.text[1:])["sid"])

    def web_socket(self, **query):
        query = {"EIO": 4, "transport": "websocket", **query}
        uri = f"ws://127.0.0.1:{self.port}{self.target(**query)}"
        return connect(uri, compression=None, open_timeout=DEADLINE, ping_interval=None, max_size=None)


class Session:
    def __init__(self, server, sid):
        self.server = server
        self.sid = sid

    def query(self, transport="polling"):
        return {"EIO": 4, "transport": transport, "sid": self.sid}

    async def poll(self, headers=None):
        return await self.server.ask("GET", headers=headers, **self.query())

    async def start_poll(self):
        return await self.server.start("GET", **self.query())

    async def push(self, body, headers=None):
        return await self.server.ask("POST", body, headers, **self.query())

    def upgrade(self):
        return self.server.web_socket(sid=self.sid)

    async def packets(self):
        """The packets of one poll."""
        response = await self.poll()
        equal(response.status, 200, "status of a poll")
        return response.text.split(SEPARATOR)

    async def must_be_gone(self):
        response = await self.poll()
        equal((response.status, response.json["code"]), (400, 1), "a poll of a session that is gone")


async def receive(socket):
    async with asyncio.timeout(DEADLINE):
        return await socket.recv()


async def receive_but_pings(socket):
    """The next packet; pings are answered."""
    while (packet := await receive(socket)) == "2":
        await socket.send("3")
    return packet


async def must_close(socket):
    """Waits for the server to close; what it says before does not matter."""
    try:
        while True:
            await receive(socket)
    except ConnectionClosed:
        pass
