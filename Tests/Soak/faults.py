"""Peers that do what networks and attackers do. Each kind goes on, one after the other, for as long as the soak lasts."""

import asyncio
import random
import socket
import struct
import time
from pathlib import Path

from frames import BINARY, TEXT, frame
from http1 import request
from peer import Peer
from traffic import WORDS

# The server's deadlines with its defaults, and time for a busy machine.
HANDSHAKE_SECONDS = 10
SILENCE_SECONDS = 20 + 20 + 20
SLACK_SECONDS = 15
# By then the broadcasts have filled the kernel's buffers and the server's limit for one who does not read, and the time it
# leaves for its Close is over.
STALL_SECONDS = 30

RESET, STALLED = "reset", "stalled reader, ended by the server"
HALF_OPEN = "half-open, found by the server"
SLOW_FRAME, SLOW_HANDSHAKE = "frame a byte a second", "handshake a byte a second"
# Without those that the end of the soak comes before.
KINDS = (RESET, STALLED, HALF_OPEN, SLOW_FRAME, SLOW_HANDSHAKE)


class Faults:
    """How often each was done, and those that the server did not end in time."""

    def __init__(self):
        self.counts = {}
        self.overdue = []

    def done(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1


async def resets(faults, port, until):
    """The connection is reset in the middle of a frame, of a compressed one, or of the handshake."""
    dice = random.Random("resets")
    while not until.is_set():
        if dice.random() < 0.3:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request(host=f"127.0.0.1:{port}")[:dice.randrange(150)])
            await writer.drain()
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            deflates = dice.random() < 0.5
            peer = await Peer.open(port, deflates=deflates)
            if deflates:
                await peer.send(WORDS)
            peer.writer.write(frame(BINARY, bytes(5000))[:dice.randrange(1, 5000)])
            await asyncio.sleep(0.01)
            peer.reset()
        faults.done(RESET)
        await asyncio.sleep(0.05)


async def ended(reader, seconds):
    """True if the server ends the stream within these seconds."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        try:
            if not await asyncio.wait_for(reader.read(65536), left):
                return True
        except asyncio.TimeoutError:
            return False
        except OSError:
            return True
    return False


async def half_open(faults, port, until):
    """The peer is gone without a word: it answers no ping, and the server finds out."""
    async with asyncio.TaskGroup() as group:
        while not until.is_set():
            group.create_task(one_half_open(faults, port, until))
            await asyncio.sleep(2)


async def one_half_open(faults, port, until):
    peer = await Peer.open(port)
    peer.answers_pings = False
    waiting = asyncio.create_task(ended(peer.reader, SILENCE_SECONDS + SLACK_SECONDS))
    stopped = asyncio.create_task(until.wait())
    await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if waiting.done():
        faults.done(HALF_OPEN)
        if not waiting.result():
            faults.overdue.append("a half-open connection")
    else:
        waiting.cancel()
        faults.done("half-open, still open at the end")
    peer.drop()


async def stalled(faults, port, until):
    """Members of the chat who stop reading."""
    async with asyncio.TaskGroup() as group:
        while not until.is_set():
            group.create_task(one_stalled(faults, port, until))
            await asyncio.sleep(2)


async def one_stalled(faults, port, until):
    """Reads nothing for so long that the server must have given it up."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, request("/chat", host=f"127.0.0.1:{port}"))
        try:
            await asyncio.wait_for(until.wait(), STALL_SECONDS)
            faults.done("stalled reader, still there at the end")
        except asyncio.TimeoutError:
            if not await given_up(connection, SLACK_SECONDS):
                faults.overdue.append("a stalled reader")
            faults.done(STALLED)


async def given_up(connection, seconds):
    """True if the server closes its socket within these seconds. The stream would show it only after all that the kernel
    still has for us, and to who does not read it offers that ever more seldom."""
    for _ in range(int(seconds * 2)):
        if not is_held(connection):
            return True
        await asyncio.sleep(0.5)
    return False


def is_held(connection):
    """Whether a process has the other end. What the kernel still sends of one that was closed belongs to none."""
    try:
        ends = [connection.getpeername()[1], connection.getsockname()[1]]
    except OSError:
        return False
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, *_, inode = line.split()[:10]
        if [int(address.rpartition(":")[2], 16) for address in (local, remote)] == ends:
            return inode != "0"
    return False


async def slow_writers(faults, port, until):
    """A byte a second: of a frame, which is let be for a while, and of a handshake, which is not."""
    async with asyncio.TaskGroup() as group:
        while not until.is_set():
            group.create_task(slow_frame(faults, port, until))
            group.create_task(slow_handshake(faults, port, until))
            await asyncio.sleep(3)


async def slow_frame(faults, port, until):
    peer = await Peer.open(port)
    data = frame(TEXT, "x" * 10)
    for index in range(len(data)):
        peer.writer.write(data[index:index + 1])
        await asyncio.sleep(0 if until.is_set() else 1)
    if await asyncio.wait_for(peer.receive(), 20) != "x" * 10:
        faults.overdue.append("a message that came slowly")
    await peer.close()
    faults.done(SLOW_FRAME)


async def slow_handshake(faults, port, until):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    start = time.monotonic()
    data = request(host=f"127.0.0.1:{port}")
    waiting = asyncio.create_task(ended(reader, HANDSHAKE_SECONDS + SLACK_SECONDS))
    for index in range(len(data)):
        if waiting.done() or until.is_set():
            break
        try:
            writer.write(data[index:index + 1])
            await writer.drain()
        except OSError:
            break
        await asyncio.sleep(1)
    if until.is_set() and not waiting.done():
        waiting.cancel()
    elif not await waiting:
        faults.overdue.append(f"a handshake of {time.monotonic() - start:.0f} s")
    faults.done(SLOW_HANDSHAKE)
    writer.close()


ALL = (resets, half_open, stalled, slow_writers)
