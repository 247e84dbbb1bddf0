"""What python-socketio's asyncio client must see.

It moves to WebSocket before it sends anything of Socket.IO; what is sent before that is for the JavaScript client's scenarios.
"""

import asyncio
import time

import socketio

from harness import DEADLINE, Failure


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: {actual!r} instead of {expected!r}")


async def until(what, holds):
    end = time.monotonic() + DEADLINE
    while not holds():
        if time.monotonic() > end:
            raise Failure(f"{what} did not come true")
        await asyncio.sleep(0.005)


class Client(socketio.AsyncClient):
    """A client that keeps what it hears."""

    def __init__(self, **options):
        super().__init__(reconnection_delay=0.05, reconnection_delay_max=0.1, **options)
        self.heard = []
        self.counts = {"connect": 0, "disconnect": 0}
        for namespace in ("/", "/echo", "/chat"):
            for event in ("message-back", "message"):
                self.on(event, self.hear(event), namespace=namespace)
            for event in self.counts:
                self.on(event, self.count(event), namespace=namespace)

    def hear(self, event):
        async def handler(*values):
            self.heard.append((event, *values))
        return handler

    def count(self, event):
        async def handler(*_):
            self.counts[event] += 1
        return handler

    async def open(self, url, transports, namespaces=("/echo",)):
        await self.connect(url, namespaces=list(namespaces), transports=transports, wait_timeout=DEADLINE)
        return self

    async def settled(self, transports):
        if transports is None or len(transports) > 1:
            await until("the upgrade", lambda: self.transport() == "websocket")
        else:
            equal(self.transport(), transports[0], "transport")


async def basics(url, transports, **_):
    client = await Client().open(url, transports)
    try:
        await client.settled(transports)
        sent = ("text é😀\x1e\0", {"nested": [1, None, 2.5, True]}, bytes(range(256)), {"deep": [b"\x01", "x", b""]})
        await client.emit("message", sent, namespace="/echo")
        await until("the answer", lambda: client.heard)
        equal(client.heard, [("message-back", *sent)], "echo")
        equal(await client.call("message", sent, namespace="/echo", timeout=DEADLINE), sent, "acknowledgment")
        client.on("question", lambda question: {"about": question, "bytes": b"\x07"}, namespace="/echo")
        equal(await client.call("ask-me", "why", namespace="/echo", timeout=DEADLINE), {"about": "why", "bytes": b"\x07"}, "answer to the server")
        client.heard.clear()
        for number in range(200):
            await client.emit("message", number, namespace="/echo")
        await until("200 answers", lambda: len(client.heard) == 200)
        equal([number for _, number in client.heard], list(range(200)), "order")
    finally:
        await client.disconnect()


async def namespaces(url, transports, **_):
    clients = [await Client().open(url, transports, ("/chat", "/echo")) for _ in range(3)]
    try:
        equal(len({client.get_sid(name) for client in clients for name in ("/chat", "/echo")}), 6, "different ids")
        equal(await clients[0].call("join", "r", namespace="/chat", timeout=DEADLINE), ["r"], "rooms")
        await clients[1].call("join", "r", namespace="/chat", timeout=DEADLINE)
        await clients[2].emit("message", ("to the room", "r"), namespace="/chat")
        await clients[2].emit("message", "to all", namespace="/chat")
        await until("the messages", lambda: all(any(values[1] == "to all" for values in client.heard) for client in clients))
        equal([[values[1] for values in client.heard] for client in clients],
              [["to the room", "to all"], ["to the room", "to all"], ["to all"]], "who heard what")
        equal(await clients[0].call("message", "x", namespace="/echo", timeout=DEADLINE), "x", "acknowledgment in the other namespace")
        try:
            await Client().open(url, transports, ("/nowhere",))
            raise Failure("a namespace that is not there was joined")
        except socketio.exceptions.ConnectionError as error:
            if "/nowhere" not in str(error):
                raise Failure(f"refusal: {error}")
    finally:
        for client in clients:
            await client.disconnect()


async def restart(url, transports, control, **_):
    client = await Client().open(url, transports)
    try:
        await client.settled(transports)
        first = client.get_sid("/echo")
        await control.server.stop()
        await until("the disconnection", lambda: client.counts["disconnect"] == 1)
        await control.server.start()
        await until("the connection", lambda: client.counts["connect"] == 2)
        if client.get_sid("/echo") == first:
            raise Failure("another server, but the same id")
        await client.settled(transports)
        equal(await client.call("message", "again", namespace="/echo", timeout=DEADLINE), "again", "acknowledgment")
    finally:
        await client.disconnect()


async def cut(forwarded, transports, control, token, **_):
    """It has nothing of connection state recovery: it comes back as another socket, and misses what was said meanwhile."""
    room = f"room-{token}"
    client = await Client().open(forwarded, transports, ("/chat",))
    try:
        await client.settled(transports)
        for round in range(3):
            first = client.get_sid("/chat")
            equal(await client.call("join", room, namespace="/chat", timeout=DEADLINE), [room], "rooms")
            client.heard.clear()
            await control.say("say", room, 0, 3)
            await until("what was said before", lambda: len(client.heard) == 3)
            control.forwarder.cut()
            await control.say("say", room, 3, 5)
            await until("the disconnection", lambda: client.counts["disconnect"] == round + 1)
            control.forwarder.mend()
            await until("the connection", lambda: client.counts["connect"] == round + 2)
            if client.get_sid("/chat") == first:
                raise Failure("the same socket, though the client can't ask for that")
            await client.settled(transports)
            # Nobody is in a room whom the application has not brought there.
            await control.say("say", room, 8, 1)
            equal(await client.call("join", room, namespace="/chat", timeout=DEADLINE), [room], "rooms, again")
            await control.say("say", room, 9, 3)
            await until("what was said after", lambda: len(client.heard) >= 6)
            equal([values[1] for values in client.heard], [0, 1, 2, 9, 10, 11], "who comes back hears what is said from then on")
    finally:
        control.forwarder.mend()
        await client.disconnect()
    return "what is said while python-socketio is cut off is missed: it asks for no recovery"


async def stream(proxied, expected, seconds, **_):
    """Ten messages a second, each way, through a proxy."""
    client = await Client().open(proxied, None)
    try:
        if expected == "websocket":
            await until("the upgrade", lambda: client.transport() == "websocket")
        begin = time.monotonic()
        for number in range(seconds * 10):
            await client.emit("message", (number, "x" * 100), namespace="/echo")
            await asyncio.sleep(max(0, begin + (number + 1) / 10 - time.monotonic()))
            equal(client.transport(), expected, f"transport after {number} messages")
        await until("all answers", lambda: len(client.heard) >= seconds * 10)
        await asyncio.sleep(0.3)
        equal([number for _, number, _ in client.heard], list(range(seconds * 10)), "answers")
        equal(client.counts["disconnect"], 0, "disconnections")
    finally:
        await client.disconnect()


SCENARIOS = {"basics": basics, "namespaces": namespaces, "restart": restart, "cut": cut, "stream": stream}
