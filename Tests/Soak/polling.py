"""Sessions of Engine.IO over polling: polls that are answered at once, polls that wait, requests that are refused."""

import asyncio
import json
import random

from peer import Lost
from traffic import WORDS

# Long enough to pass for an id, and nobody's.
UNKNOWN = "AA" + "x" * 18


class Requests:
    """One request after the other on a connection of its own."""

    def __init__(self, port, reader, writer):
        self.port, self.reader, self.writer = port, reader, writer

    @classmethod
    async def open(cls, port):
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, method, sid=None, body=None):
        """Status and text of the answer."""
        target = "/engine.io/?EIO=4&transport=polling" + (f"&sid={sid}" if sid else "")
        length = "" if body is None else f"Content-Length: {len(body)}\r\n"
        self.writer.write(f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{length}\r\n{body or ''}".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split()[1]), (await self.reader.readexactly(length)).decode()

    def drop(self):
        self.writer.transport.abort()


class Session:
    def __init__(self, polls, pushes, sid):
        self.polls, self.pushes, self.sid = polls, pushes, sid

    @classmethod
    async def open(cls, port):
        polls = await Requests.open(port)
        status, text = await polls.ask("GET")
        if status != 200:
            raise Lost(f"a handshake was answered with {status} {text}")
        return cls(polls, await Requests.open(port), json.loads(text[1:])["sid"])

    async def push(self, packet):
        if (answer := await self.pushes.ask("POST", self.sid, packet)) != (200, "ok"):
            raise Lost(f"a POST was answered with {answer}")

    async def next(self):
        """The next message. Pings are answered and passed over."""
        while True:
            status, text = await self.polls.ask("GET", self.sid)
            if status != 200:
                raise Lost(f"a poll was answered with {status} {text}")
            packets = text.split("\x1e")
            if "2" in packets:
                await self.push("3")
            if messages := [packet[1:] for packet in packets if packet.startswith("4")]:
                return messages

    async def echo(self, text, waits):
        """With `waits` the poll is there before the message, otherwise it is answered at once."""
        if waits:
            polling = asyncio.create_task(self.next())
            # To be overtaken does no harm: then it is answered at once, too.
            await asyncio.sleep(0.01)
            await self.push("4" + text)
            found = await polling
        else:
            await self.push("4" + text)
            found = await self.next()
        if found != [text]:
            raise Lost(f"{found} instead of {text[:60]!r}")

    def drop(self):
        self.polls.drop()
        self.pushes.drop()


async def refused(port):
    """Requests of a session that there is not."""
    requests = await Requests.open(port)
    for method, body in (("GET", None), ("GET", None), ("POST", "4lost")):
        status, text = await requests.ask(method, UNKNOWN, body)
        if status != 400 or json.loads(text)["code"] != 1:
            raise Lost(f"a {method} of an unknown session was answered with {status} {text}")
    requests.drop()


async def conversation(ledger, port, number, dice, until):
    """A session that comes, says a few things, and goes: in order, or without a word."""
    session = await Session.open(port)
    for count in range(30):
        if until.is_set():
            break
        text = f"{number}/{count} " + WORDS[:dice.randrange(len(WORDS))]
        ledger.sent += 1
        await session.echo(text, waits=count % 4 == 3)
        ledger.echoed += 1
        ledger.polls += 1
    if dice.random() < 0.5:
        await session.push("1")
    session.drop()


async def poller(ledger, port, number, until):
    """Sessions one after the other, for as long as the soak lasts."""
    dice = random.Random(f"poller {number}")
    try:
        while not until.is_set():
            await asyncio.wait_for(conversation(ledger, port, number, dice, until), 30)
            await asyncio.wait_for(refused(port), 20)
    except (Lost, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
        ledger.wrong(f"poller {number}", error)
