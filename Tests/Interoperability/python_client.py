#!/usr/bin/env python3
"""The client of Python's websockets talks to `martlet serve`.

    pip install -r Tests/Interoperability/requirements.txt
    MARTLET=.build/release/martlet python3 Tests/Interoperability/python_client.py [part of a name ...]
"""

import asyncio
import signal
import ssl
import sys

from harness import Server, certificate, check, contains, equal, main, test

try:
    from websockets.asyncio.client import connect as connect_to
    from websockets.exceptions import ConnectionClosed, InvalidStatus
except ModuleNotFoundError as error:
    sys.exit(f"FAIL {error}: pip install -r Tests/Interoperability/requirements.txt\n0 passed, 1 failed")

LIMIT = 1 << 20
UNICODE = "Grüße 👩🏽‍🚀 日本語 שלום \u0000 \u007f \u2028 \U0010ffff"


def connect(url, **options):
    # Pings of its own would blur the tests of pings; messages of any length are the tests' own affair.
    return connect_to(url, **{"proxy": None, "max_size": None, "ping_interval": None, **options})


async def echoed(connection, message):
    await connection.send(message)
    equal(await connection.recv(), message, "echo")


async def closed(connection):
    """Code and reason of the server's Close frame; messages before it are passed over."""
    try:
        while True:
            await connection.recv()
    except ConnectionClosed as end:
        check(end.rcvd is not None, f"the connection ended without a Close frame: {end}")
        return end.rcvd.code, end.rcvd.reason


async def refused(url, **options):
    """The response to a handshake that must not succeed."""
    try:
        async with connect(url, **options):
            pass
    except InvalidStatus as refusal:
        return refusal.response
    raise AssertionError("the server accepted the handshake")


@test("text, Unicode and empty text are echoed")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo") as connection:
        for message in ("hello", UNICODE, "", "a" * 125, "b" * 126, "c" * 65535, "d" * 65536):
            await echoed(connection, message)


@test("binary and empty binary are echoed as binary")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo") as connection:
        for message in (bytes(range(256)), b"", b"\0" * 126, b"\xff" * 65536):
            await echoed(connection, message)


@test("1 MiB is echoed, as text and as binary")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo", compression=None) as connection:
        await echoed(connection, "0123456789abcdef" * (LIMIT // 16))
        await echoed(connection, bytes(range(256)) * (LIMIT // 256))


@test("a message over 1 MiB closes with 1009")
async def _():
    async with Server() as server:
        for message in ("a" * (LIMIT + 1), [b"b" * (LIMIT // 2)] * 3):
            async with connect(f"{server.ws}/echo", compression=None) as connection:
                try:
                    await connection.send(message)
                except ConnectionClosed:
                    pass
                code, reason = await closed(connection)
                equal(code, 1009, "code")
                check(reason, "no reason given")
        async with connect(f"{server.ws}/echo") as connection:
            await echoed(connection, "the server is still there")


@test("--max-message-size is the longest message accepted")
async def _():
    async with Server("--max-message-size", "10") as server, connect(f"{server.ws}/echo", compression=None) as connection:
        await echoed(connection, "0123456789")
        await connection.send("0123456789a")
        equal((await closed(connection))[0], 1009, "code")


@test("fragmented messages arrive whole")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo", compression=None) as connection:
        for parts in (["one ", "two ", "three"], ["", "empty fragments", "", ""], list(UNICODE), [b"\x00", b"", b"\xff" * 70000]):
            await connection.send(parts)
            equal(await connection.recv(), type(parts[0])().join(parts), "echo")


@test("a ping between fragments is answered before the message ends")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo", compression=None) as connection:
        async def parts():
            yield "before "
            await (await connection.ping())
            yield "after"
        await connection.send(parts())
        equal(await connection.recv(), "before after", "echo")


@test("pings are answered and measured")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo") as connection:
        for payload in (None, b"", b"x" * 125):
            latency = await (await connection.ping(payload))
            check(0 < latency < 10, f"latency of {latency} s")
        check(0 < connection.latency < 10, f"latency of {connection.latency} s")
        await echoed(connection, "still open")


@test("1000 messages sent ahead come back in order")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo") as connection:
        sending = asyncio.create_task(send_all(connection, [f"message {number}" for number in range(1000)]))
        for number in range(1000):
            equal(await connection.recv(), f"message {number}", "echo")
        await sending


async def send_all(connection, messages):
    for message in messages:
        await connection.send(message)


@test("50 clients at once")
async def _():
    async with Server() as server:
        ready = asyncio.Barrier(50)

        async def client(number):
            async with connect(f"{server.ws}/echo") as connection:
                await ready.wait()
                for turn in range(20):
                    await echoed(connection, f"client {number}, message {turn}")
        async with asyncio.TaskGroup() as clients:
            for number in range(50):
                clients.create_task(client(number))


@test("everybody on /chat hears everybody")
async def _():
    async with Server() as server:
        members = [await connect(f"{server.ws}/chat") for _ in range(5)]
        try:
            await until_joined(members)
            for number, speaker in enumerate(members):
                for message in (f"text of {number}", bytes([number])):
                    await speaker.send(message)
                    for member in members:
                        equal(await member.recv(), message, "broadcast")
            await members.pop().close()
            await members[0].send("one has left")
            for member in members:
                equal(await member.recv(), "one has left", "broadcast")
        finally:
            await asyncio.gather(*(member.close() for member in members))


async def until_joined(members):
    """Joining is done some time after the handshake: each says its number until it hears itself."""
    for number, member in enumerate(members):
        while True:
            await member.send(f"hello from {number}")
            try:
                async with asyncio.timeout(0.2):
                    while await member.recv() != f"hello from {number}":
                        pass
                break
            except TimeoutError:
                continue
    # Behind this on every connection nothing of the above is left.
    await members[0].send("all here")
    for member in members:
        while await member.recv() != "all here":
            pass


@test("our close codes are answered with the same code")
async def _():
    async with Server() as server:
        for code, reason in ((1000, ""), (1000, "bye"), (1001, "leaving"), (3000, ""), (4000, "à bientôt 🐦"), (4999, "r" * 123)):
            connection = await connect(f"{server.ws}/echo")
            await connection.close(code, reason)
            equal(connection.protocol.close_rcvd and connection.protocol.close_rcvd.code, code, "code of the reply")
            equal(connection.protocol.close_rcvd_then_sent, False, "who closed first")


@test("text that is not UTF-8 closes with 1007")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo", compression=None) as connection:
        await connection.send(b"\xff\xfe", text=True)
        code, reason = await closed(connection)
        equal(code, 1007, "code")
        check(reason, "no reason given")


@test("TLS with a certificate of our own")
async def _():
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        check(server.ws.startswith("wss:"), f"the first line has no https: URL: {server.first_line}")
        async with connect(f"{server.ws}/echo", ssl=ssl.create_default_context(cafile=chain)) as connection:
            for message in (UNICODE, b"\0" * LIMIT, ""):
                await echoed(connection, message)
        try:
            async with connect(f"{server.ws}/echo"):
                raise AssertionError("an unknown certificate was trusted")
        except ssl.SSLCertVerificationError:
            pass
        async with connect(f"{server.ws}/echo", ssl=ssl.create_default_context(cafile=chain)) as connection:
            server.signal(signal.SIGTERM)
            equal((await closed(connection))[0], 1001, "code")


@test("a foreign origin is refused with 403 and told why")
async def _():
    async with Server() as server:
        response = await refused(f"{server.ws}/echo", origin="https://evil.example")
        equal(response.status_code, 403, "status")
        check(response.body.strip(), "the refusal has no body")
        async with connect(f"{server.ws}/echo", origin=server.http) as connection:
            await echoed(connection, "our own origin")
    async with Server("--allow-origin", "https://good.example") as server:
        equal((await refused(f"{server.ws}/echo", origin=server.http)).status_code, 403, "status")
        async with connect(f"{server.ws}/echo", origin="https://good.example") as connection:
            await echoed(connection, "an allowed origin")


@test("an unknown path is refused with 404")
async def _():
    async with Server() as server:
        response = await refused(f"{server.ws}/nothing-here")
        equal(response.status_code, 404, "status")
        contains(response.body.decode(), "Nothing here", "body")


@test("a subprotocol that the server does not speak is not agreed to")
async def _():
    async with Server() as server, connect(f"{server.ws}/echo", subprotocols=["soap", "wamp"]) as connection:
        equal(connection.subprotocol, None, "subprotocol")
        await echoed(connection, "hello")


@test("SIGTERM closes every connection with 1001")
async def _():
    async with Server() as server:
        connections = [await connect(f"{server.ws}/{path}") for path in ("echo", "echo", "chat")]
        await echoed(connections[0], "before the end")
        server.signal(signal.SIGTERM)
        for connection in connections:
            equal((await closed(connection))[0], 1001, "code")
        equal((await server.finished()).status, 0, "exit status")


if __name__ == "__main__":
    main()
