"""Clients that send and never read, over WebSocket and polling: they are let go at the limit, memory is bounded, nobody else suffers."""

import asyncio
import json

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from harness import Failure
from python_client import Client, equal

# What each of them would have waiting if nothing stopped it; what may wait is 4 MiB.
COUNT, BYTES = 200, 100_000
CLIENTS = 20
# 40 clients with 4 MiB each, and as much again for what is on its way; without a limit it would be 800 MB.
LIMIT_MIB = 320


def event(client, number):
    """Its echo is this client's alone: nothing is shared."""
    return f'42/echo,["message","{client:04}-{number:06}-{"x" * BYTES}"]'


async def stuck_web_socket(port, client):
    socket = await connect(f"ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket", compression=None,
                           max_queue=1, ping_interval=None)
    await socket.recv()
    await socket.send("40/echo,")
    while not (await socket.recv()).startswith("40/echo,"):
        pass
    socket.transport.pause_reading()
    try:
        for number in range(COUNT):
            await socket.send(event(client, number))
    except ConnectionClosed:
        pass
    socket.transport.resume_reading()
    heard = 0
    try:
        async with asyncio.timeout(20):
            while True:
                heard += (await socket.recv()).startswith("42")
    except ConnectionClosed:
        pass
    except TimeoutError:
        raise Failure("a WebSocket that never read is still open")
    if heard >= COUNT:
        raise Failure("a client that did not read got everything nevertheless")


async def stuck_poller(port, session, client):
    base = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
    async with session.get(base) as response:
        base += "&sid=" + json.loads((await response.text())[1:])["sid"]
    async with session.post(base, data="40/echo,") as response:
        equal(await response.text(), "ok", "answer to the POST")
    async with session.get(base) as response:
        await response.read()
    for number in range(COUNT):
        async with session.post(base, data=event(client, number)) as response:
            if response.status != 200:
                break
    else:
        raise Failure("a session that never polled took everything")
    async with session.get(base) as response:
        equal((response.status, (await response.json())["code"]), (400, 1), "a poll of a session that was let go")


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


async def never_reading(server):
    before, peak = server.resident_mib, 0

    async def watch():
        nonlocal peak
        while True:
            peak = max(peak, server.resident_mib)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        async with Witness(server.url) as witness, aiohttp.ClientSession() as session:
            await asyncio.gather(*(stuck_web_socket(server.port, number) for number in range(CLIENTS)),
                                 *(stuck_poller(server.port, session, CLIENTS + number) for number in range(CLIENTS)))
    finally:
        watching.cancel()
    if peak - before > LIMIT_MIB:
        raise Failure(f"memory grew by {peak - before:.0f} MiB")
    return f"{2 * CLIENTS} clients that sent and never read: memory grew by {peak - before:.0f} MiB; {witness.count} answers to the one who read"
