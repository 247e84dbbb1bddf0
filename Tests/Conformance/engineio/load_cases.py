"""Many clients that move to WebSocket at once, while messages flow both ways."""

import asyncio
import random
import time

from wire import SEPARATOR, Failure, Request, check, equal

CLIENTS = 200
MESSAGES_PER_CLIENT = 50
# What a client that upgrades may wait for its last poll: the server lets polls return every 100 ms.
STUCK_AFTER = 1.0


class KeepAlive:
    """One HTTP connection, one request after the other."""

    def __init__(self, session):
        self.session = session
        self.request = None

    async def ask(self, method, body=None):
        server = self.session.server
        if self.request is None:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            self.request = Request(reader, writer)
        length = f"Content-Length: {len(body)}\r\n" if body is not None else ""
        head = f"{method} {server.target(**self.session.query())} HTTP/1.1\r\nHost: h\r\n{length}\r\n"
        self.request.writer.write(head.encode() + (body or "").encode())
        response = await self.request.response()
        check(response.status == 200, f"{method} got {response.status} {response.body!r}")
        return response.text


class Client:
    """What a JavaScript client does: polls, pushes, probes, pauses, and goes on over the WebSocket."""

    def __init__(self, session, seed):
        self.session = session
        self.random = random.Random(seed)
        self.received = []
        self.is_paused = False
        self.pongs = 0
        self.sent = 0
        self.done = asyncio.Event()

    def take(self, packets):
        for packet in packets:
            if packet[:1] == "4":
                self.received.append(int(packet[1:]))
            elif packet == "2":
                self.pongs += 1
            else:
                check(packet == "6", f"an unexpected packet: {packet!r}")
        if len(self.received) >= MESSAGES_PER_CLIENT:
            self.done.set()

    async def poll(self, connection):
        while not self.is_paused:
            self.take((await connection.ask("GET")).split(SEPARATOR))

    def next_messages(self):
        count = min(self.random.randint(1, 4), MESSAGES_PER_CLIENT - self.sent)
        packets = [f"4{number}" for number in range(self.sent, self.sent + count)]
        self.sent += count
        return packets

    async def push(self, connection):
        while not self.is_paused:
            packets = ["3"] * self.pongs + self.next_messages()
            self.pongs = 0
            if packets:
                equal(await connection.ask("POST", SEPARATOR.join(packets)), "ok", "answer to a POST")
            await asyncio.sleep(self.random.random() * 0.01)

    async def run(self):
        polling = asyncio.create_task(self.poll(KeepAlive(self.session)))
        pushing = asyncio.create_task(self.push(KeepAlive(self.session)))
        await asyncio.sleep(self.random.random() * 0.05)
        async with self.session.upgrade() as socket:
            await socket.send("2probe")
            equal(await socket.recv(), "3probe", "answer to the probe")
            # From here on the client only waits for what is under way.
            self.is_paused = True
            paused = time.monotonic()
            await polling
            stuck = time.monotonic() - paused
            await pushing
            await socket.send("5")
            writing = asyncio.create_task(self.write(socket))
            while not self.done.is_set():
                packet = await socket.recv()
                if packet == "2":
                    await socket.send("3")
                else:
                    self.take([packet])
            await writing
        equal(self.received, list(range(MESSAGES_PER_CLIENT)), "numbers received")
        return stuck

    async def write(self, socket):
        while self.sent < MESSAGES_PER_CLIENT:
            for packet in self.next_messages():
                await socket.send(packet)
            await asyncio.sleep(self.random.random() * 0.005)


async def two_hundred_clients_upgrade_at_once(server):
    async def one(seed):
        return await Client(await server.open(), seed).run()

    results = await asyncio.gather(*(one(seed) for seed in range(CLIENTS)), return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    if failures:
        raise Failure(f"{len(failures)} of {CLIENTS} clients: {failures[0]!r}")
    print(f"     {CLIENTS} upgrades, {CLIENTS * MESSAGES_PER_CLIENT} messages each way, "
          f"longest wait for a poll {max(results) * 1000:.0f} ms")
    check(max(results) < STUCK_AFTER, f"a client was stuck for {max(results):.2f} s")
