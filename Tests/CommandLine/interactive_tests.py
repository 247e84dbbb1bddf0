"""`martlet connect` with somebody at the keyboard: standard input is a terminal."""

import asyncio
import os
import re
from contextlib import asynccontextmanager

from harness import Process, Server, check, contains, equal, test
from peer import echo, peer


class Typing(Process):
    """The program with a terminal for its standard input."""

    async def __aenter__(self):
        self.keyboard, self.stdin = os.openpty()
        try:
            return await super().__aenter__()
        except BaseException:
            os.close(self.keyboard)
            raise
        finally:
            os.close(self.stdin)

    async def __aexit__(self, *_):
        await super().__aexit__()
        os.close(self.keyboard)

    def type(self, line):
        os.write(self.keyboard, f"{line}\n".encode())

    def end_of_input(self):
        os.write(self.keyboard, b"\x04")

    async def error_with(self, part):
        """Waits until standard error has this."""
        while part not in self.errors():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def typing(url):
    async with Typing("connect", url) as client:
        yield client


@test("interactive: text, and received lines are marked")
async def _():
    async with Server() as server, typing(f"{server.ws}/echo") as client:
        client.type("hello")
        equal(await client.line(), "< hello", "line")
        client.type("")
        equal((await client.line()).rstrip(), "<", "line of an empty message")
        client.end_of_input()
        equal((await client.finished()).status, 0, "status")


@test("interactive: /ping shows the round trip")
async def _():
    async with Server() as server, typing(f"{server.ws}/echo") as client:
        client.type("/ping")
        line = await client.line()
        check(re.fullmatch(r"pong after \d+\.\d{3} ms", line), f"line {line!r}")


@test("interactive: /binary sends bytes")
async def _():
    async with peer(echo) as server, typing(server.url) as client:
        client.type("/binary 00ff")
        equal(await client.line(), "< binary 00ff", "line")
        client.type("/binary de ad BE EF")
        equal(await client.line(), "< binary deadbeef", "line")


@test("interactive: //text sends /text")
async def _():
    async with Server() as server, typing(f"{server.ws}/echo") as client:
        client.type("//ping")
        equal(await client.line(), "< /ping", "line")


@test("interactive: /close sends code and reason")
async def _():
    async with peer(echo) as server, typing(server.url) as client:
        client.type("/close 4000 bye and thanks")
        result = await client.finished()
        equal((result.output, result.status), ("", 0), "output and status")
        contains(result.errors, "4000", "standard error")
        end = (await server.ends.get()).protocol.close_rcvd
        equal((end.code, end.reason), (4000, "bye and thanks"), "what arrived")
    async with peer(echo) as server, typing(server.url) as client:
        client.type("/close")
        equal((await client.finished()).status, 0, "status")
        equal((await server.ends.get()).close_code, 1000, "code without one given")


@test("interactive: an unknown command is explained")
async def _():
    async with Server() as server, typing(f"{server.ws}/echo") as client:
        client.type("/x")
        await client.error_with("\n")
        for part in ("no such command", "/ping", "/close", "/binary", "//"):
            contains(client.errors(), part, "standard error")
        client.type("after")
        equal(await client.line(), "< after", "line")


@test("interactive: the end of input closes with 1000")
async def _():
    async with peer(echo) as server, typing(server.url) as client:
        client.type("hello")
        equal(await client.line(), "< hello", "line")
        client.end_of_input()
        result = await client.finished()
        equal(result.status, 0, "status")
        contains(result.errors, "closed", "standard error")
        equal((await server.ends.get()).close_code, 1000, "code")


@test("interactive: a close by the server is told at once")
async def _():
    async def close(connection):
        async for _ in connection:
            await connection.close(4001, "go\x1b[2Jaway")
    async with peer(close) as server, typing(server.url) as client:
        client.type("hello")
        result = await client.finished()
        equal((result.output, result.status), ("", 1), "output and status")
        contains(result.errors, "4001", "standard error")
        check("\x1b" not in result.errors, f"control characters in {result.errors!r}")
