"""Clients that send and never read, over WebSocket and polling: they are let go at the limit, memory is bounded, nobody else suffers."""

import asyncio
import json
import socket

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from harness import Failure
from python_client import Client, equal

# What each of them would have waiting if nothing stopped it; what may wait is 4 MiB.
COUNT, BYTES = 200, 100_000
CLIENTS = 10
# Events that together are nearly as much as may wait.
FULL = 40
# How often each comes, in a short run and in a long one. Bounded memory has the same peak in both, once the allocator has what
# it keeps; what each turn would leave behind if nothing stopped it, 4 MiB for each client, would be 240 MiB in the turns more.
SHORT, LONG = 2, 8
SLACK_MIB = 96


def event(client, number):
    """Its echo is this client's alone: nothing is shared."""
    return f'42/echo,["message","{client:04}-{number:06}-{"x" * BYTES}"]'


async def stuck_web_socket(port, client):
    wire = await connect(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", compression=None,
                         max_queue=1, ping_interval=None)
    await wire.recv()
    await wire.send("40/echo,")
    while not (await wire.recv()).startswith("40/echo,"):
        pass
    wire.transport.pause_reading()
    try:
        for number in range(COUNT):
            await wire.send(event(client, number))
    except ConnectionClosed:
        pass
    wire.transport.resume_reading()
    heard = 0
    try:
        async with asyncio.timeout(20):
            while True:
                heard += (await wire.recv()).startswith("42")
    except ConnectionClosed as closed:
        equal(closed.rcvd and closed.rcvd.code, 1013, "what a WebSocket that never read is closed with")
    except TimeoutError:
        raise Failure("a WebSocket that never read is still open")
    if heard >= COUNT:
        raise Failure("a client that did not read got everything nevertheless")


async def open_session(base, session):
    """The address of a new session that is in the namespace."""
    async with session.get(base) as response:
        base += "&sid=" + json.loads((await response.text())[1:])["sid"]
    async with session.post(base, data="40/echo,") as response:
        equal(await response.text(), "ok", "answer to the POST")
    async with session.get(base) as response:
        await response.read()
    return base


async def must_be_gone(base, session):
    async with session.get(base) as response:
        equal((response.status, (await response.json())["code"]), (400, 1), "a poll of a session that was let go")


async def push(base, session, client, count):
    """True if all of them were taken."""
    for number in range(count):
        async with session.post(base, data=event(client, number)) as response:
            if response.status != 200:
                return False
    return True


async def stuck_poller(port, session, client):
    """Polls no more."""
    base = await open_session(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling", session)
    if await push(base, session, client, COUNT):
        raise Failure("a session that never polled took everything")
    await must_be_gone(base, session)


async def deaf_poller(port, session, client):
    """Polls again and again, each time by another connection, and reads none of the answers."""
    base = await open_session(f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling", session)
    loop, unread = asyncio.get_running_loop(), []
    try:
        for _ in range(COUNT // FULL):
            if not await push(base, session, client, FULL):
                break
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            unread.append(connection)
            await loop.sock_connect(connection, ("127.0.0.1", port))
            target = base.partition(str(port))[2]
            await loop.sock_sendall(connection, f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        else:
            raise Failure("a session whose answers nobody read took everything")
        await must_be_gone(base, session)
    finally:
        # The answers stay unread until the run is over.
        UNREAD.extend(unread)


UNREAD = []


class Witness:
    """A client that does read, all the while."""

    async def __aenter__(self):
        self.client = await Client().open(self.url, ["websocket"])
        self.count = 0
        self.is_done = False
        self.task = asyncio.create_task(self.talk())
        return self

    def __init__(self, url):
        self.url = url

    async def talk(self):
        # Asked to stop, not cancelled: in Python 3.11 a wait with a deadline may pass over that.
        while not self.is_done:
            equal(await self.client.call("message", self.count, namespace="/echo", timeout=10), self.count, "answer")
            self.count += 1

    async def __aexit__(self, *_):
        self.is_done = True
        await self.task
        equal(self.client.counts["disconnect"], 0, "disconnections of the one who reads")
        if self.count < 10:
            raise Failure(f"the one who reads got {self.count} answers")
        await self.client.disconnect()


async def peak_of(server, turns):
    """The most memory that the server takes while all of them come this often, and what the one who reads got."""
    peak = 0

    async def watch():
        nonlocal peak
        while True:
            peak = max(peak, server.resident_mib)
            await asyncio.sleep(0.02)

    async def again(client, *arguments):
        for _ in range(turns):
            await client(server.port, *arguments)

    watching = asyncio.create_task(watch())
    try:
        # To a python client the server says little at a time.
        async with Witness(server.url) as witness, aiohttp.ClientSession(headers={"User-Agent": "Mozilla/5.0"}) as session:
            await asyncio.gather(*(again(stuck_web_socket, number) for number in range(CLIENTS)),
                                 *(again(stuck_poller, session, CLIENTS + number) for number in range(CLIENTS)),
                                 *(again(deaf_poller, session, 2 * CLIENTS + number) for number in range(CLIENTS)))
    finally:
        watching.cancel()
        for connection in UNREAD:
            connection.close()
        UNREAD.clear()
    return peak, witness.count


async def never_reading(server):
    before = server.resident_mib
    await peak_of(server, SHORT)
    short, answers = await peak_of(server, SHORT)
    long, more = await peak_of(server, LONG)
    if long - short > SLACK_MIB:
        raise Failure(f"memory grows with time: {short - before:.0f} MiB more in a short run, {long - before:.0f} MiB in a long one")
    return (f"{3 * CLIENTS} clients that sent and never read: memory grew by {short - before:.0f} MiB in a short run, "
            f"{long - before:.0f} MiB in a long one; {answers + more} answers to the one who read")
