#!/usr/bin/env python3
"""`martlet connect` talks to a server of Python's websockets.

    pip install -r Tests/Interoperability/requirements.txt
    MARTLET=.build/release/martlet python3 Tests/Interoperability/python_server.py [part of a name ...]
"""

import asyncio
import ssl
import sys
from http import HTTPStatus

from harness import Process, certificate, check, contains, equal, main, martlet, test

try:
    from peer import echo, peer
    from websockets.datastructures import Headers
    from websockets.http11 import Response
except ModuleNotFoundError as error:
    sys.exit(f"FAIL {error}: pip install -r Tests/Interoperability/requirements.txt\n0 passed, 1 failed")

# What a terminal would obey, what breaks lines, what turns text around; and how it must look instead.
NASTY = "\x1b[31mred\x07\r\n\t\x00\x7f\x85\u202e\u2028\\ é"
HARMLESS = r"\u{1b}[31mred\u{7}\r\n\t\u{0}\u{7f}\u{85}\u{202e}\u{2028}\\ é"


def saying(*messages):
    """A handler that sends these and then echoes."""
    async def handler(connection):
        for message in messages:
            await connection.send(message)
        await echo(connection)
    return handler


def closing(code, reason=""):
    async def handler(connection):
        await connection.close(code, reason)
    return handler


def no_control_characters(text):
    found = [character for character in text if character != "\n" and not character.isprintable()]
    check(not found, f"control characters {found!r} in {text!r}")


@test("lines are echoed in order, empty and Unicode ones too")
async def _():
    lines = ["one", "two words", "", "Grüße 👩🏽 日本語 שלום", "/not-a-command", "last, without an end of line"]
    async with peer(echo) as server:
        result = await martlet("connect", server.url, stdin="\n".join(lines))
        equal((result.lines, result.errors, result.status), (lines, "", 0), "output, errors and status")
        connection = await server.ends.get()
        equal(connection.close_code, 1000, "close code")
        equal(connection.protocol.close_rcvd_then_sent, True, "the client closed first")


@test("1000 lines are echoed in order")
async def _():
    lines = [f"line {number}" for number in range(1000)]
    async with peer(echo) as server:
        result = await martlet("connect", server.url, "--wait", "2", stdin="\n".join(lines))
        equal((result.lines, result.status), (lines, 0), "output and status")


@test("no input at all is a clean conversation")
async def _():
    async with peer(echo) as server:
        result = await martlet("connect", server.url, "--wait", "0")
        equal((result.output, result.errors, result.status), ("", "", 0), "output, errors and status")
        equal((await server.ends.get()).close_code, 1000, "close code")


@test("binary is shown in hexadecimal")
async def _():
    async with peer(saying(b"\x00\xff\x7f\x0a", b"", "text")) as server:
        result = await martlet("connect", server.url)
        equal([line.rstrip() for line in result.lines], ["binary 00ff7f0a", "binary", "text"], "output")
        equal(result.status, 0, "status")


@test("fragmented and long messages arrive whole")
async def _():
    long = "0123456789abcdef" * (5 << 16)
    async with peer(saying(["frag", "", "ments ", "é"], long)) as server:
        result = await martlet("connect", server.url, "--wait", "3")
        equal((result.lines, result.status), (["fragments é", long], 0), "output and status")


@test("pings of the server are answered")
async def _():
    latencies = asyncio.Queue()

    async def handler(connection):
        for payload in (b"", b"payload"):
            latencies.put_nowait(await (await connection.ping(payload)))
        await connection.close()
    async with peer(handler) as server:
        async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
            equal((await client.finished()).status, 0, "status")
        equal(latencies.qsize(), 2, "pongs")


@test("the subprotocol that the server chooses is agreed to")
async def _():
    async with peer(echo, subprotocols=["second", "third"]) as server:
        result = await martlet("connect", server.url, "--subprotocol", "first", "--subprotocol", "second", stdin="hello")
        equal((result.lines, result.status), (["hello"], 0), "output and status")
        connection = await server.ends.get()
        equal(connection.subprotocol, "second", "subprotocol")
        equal(connection.request.headers.get_all("Sec-WebSocket-Protocol"), ["first, second"], "offer")


@test("no subprotocol chosen is fine as well")
async def _():
    async with peer(echo, select_subprotocol=lambda *_: None) as server:
        result = await martlet("connect", server.url, "--subprotocol", "first", stdin="hello")
        equal((result.lines, result.status), (["hello"], 0), "output and status")
        equal((await server.ends.get()).subprotocol, None, "subprotocol")


@test("a subprotocol that was not offered is refused")
async def _():
    def meddle(connection, request, response):
        response.headers["Sec-WebSocket-Protocol"] = "unasked"
        return response
    async with peer(echo, process_response=meddle) as server:
        result = await martlet("connect", server.url, stdin="hello")
        equal((result.output, result.status), ("", 2), "output and status")
        check(result.errors.strip(), "nothing on standard error")


@test("extra header fields, origin, path and query arrive")
async def _():
    async with peer(echo) as server:
        result = await martlet("connect", f"{server.url}some/path?key=value&other=%20", "-H", "X-First: one two",
                               "-H", "X-First: again", "--header", "Authorization: Bearer abc:def",
                               "--origin", "https://page.example", stdin="hello")
        equal((result.lines, result.status), (["hello"], 0), "output and status")
        request = (await server.ends.get()).request
        equal(request.path, "/some/path?key=value&other=%20", "path")
        equal(request.headers.get_all("X-First"), ["one two", "again"], "X-First")
        equal(request.headers["Authorization"], "Bearer abc:def", "Authorization")
        equal(request.headers["Origin"], "https://page.example", "Origin")
        equal(request.headers["Host"], f"127.0.0.1:{server.port}", "Host")


@test("a refusal is shown with status, header and body")
async def _():
    def refuse(connection, request):
        return Response(401, "Unauthorized", Headers([("WWW-Authenticate", 'Basic realm="birds"'), ("Content-Length", "21")]),
                        b"Who are you?\nGo away.")
    async with peer(echo, process_request=refuse) as server:
        result = await martlet("connect", server.url, stdin="hello")
        equal((result.output, result.status), ("", 2), "output and status")
        for part in ("401", "Unauthorized", 'Basic realm="birds"', "Who are you?", "Go away."):
            contains(result.errors, part, "standard error")
        contains(result.errors.lower(), "www-authenticate", "standard error")


@test("a redirection is shown and not followed")
async def _():
    asked = []

    def redirect(connection, request):
        asked.append(request.path)
        return Response(302, "Found", Headers([("Location", "/elsewhere"), ("Content-Length", "0")]), b"")
    async with peer(echo, process_request=redirect) as server:
        result = await martlet("connect", server.url)
        equal((result.status, asked), (2, ["/"]), "status and requests")
        contains(result.errors, "302", "standard error")
        contains(result.errors, "/elsewhere", "standard error")


@test("the server closes in the ordinary way")
async def _():
    for code in (1000, 1001):
        async with peer(closing(code, "that is all")) as server:
            async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
                result = await client.finished()
            equal((result.output, result.status), ("", 0), f"output and status after {code}")
            equal((await server.ends.get()).close_code, code, "code of the reply")


@test("the server closes with an error: the code and the reason are named")
async def _():
    for code, reason in ((1011, "out of birds"), (1008, ""), (4321, "private")):
        async with peer(closing(code, reason)) as server:
            async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
                result = await client.finished()
            equal((result.output, result.status), ("", 1), f"output and status after {code}")
            contains(result.errors, str(code), "standard error")
            contains(result.errors, reason, "standard error")
            equal((await server.ends.get()).close_code, code, "code of the reply")


@test("a connection that breaks off is not a clean end")
async def _():
    async def handler(connection):
        await connection.send("last words")
        connection.transport.abort()
    async with peer(handler) as server:
        async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal(result.status, 1, "status")
        check(result.output in ("last words\n", ""), f"output {result.output!r}")
        contains(result.errors, "1006", "standard error")


@test("a server that breaks the protocol is told 1002")
async def _():
    async def handler(connection):
        connection.transport.write(b"\x83\x00")
    async with peer(handler) as server:
        async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal((result.output, result.status), ("", 1), "output and status")
        contains(result.errors, "1002", "standard error")
        equal((await server.ends.get()).protocol.close_rcvd.code, 1002, "code that the server got")


@test("wss: without --insecure an unknown certificate is refused")
async def _():
    async with certificate() as (chain, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        async with peer(echo, ssl=context) as server:
            result = await martlet("connect", server.url, stdin="hello")
            equal((result.output, result.status), ("", 2), "output and status")
            contains(result.errors.lower(), "certificate", "standard error")
            result = await martlet("connect", "--insecure", server.url, stdin="hello\nover TLS")
            equal((result.lines, result.errors, result.status), (["hello", "over TLS"], "", 0), "output, errors, status")
            equal((await server.ends.get()).close_code, 1000, "close code")


@test("control characters of the peer do not reach the terminal")
async def _():
    async with peer(saying(NASTY, "next")) as server:
        result = await martlet("connect", server.url)
        equal((result.output, result.status), (f"{HARMLESS}\nnext\n", 0), "output and status")
    async with peer(closing(4000, NASTY)) as server:
        async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal(result.status, 1, "status")
        contains(result.errors, "4000", "standard error")
        equal(len(result.errors.splitlines()), 1, "lines on standard error")
        no_control_characters(result.errors)
    body = NASTY.encode()

    def refuse(connection, request):
        return Response(HTTPStatus.FORBIDDEN, "Forbidden", Headers([("Content-Length", str(len(body)))]), body)
    async with peer(echo, process_request=refuse) as server:
        result = await martlet("connect", server.url)
        equal(result.status, 2, "status")
        contains(result.errors, r"\u{1b}[31mred", "standard error")
        no_control_characters(result.errors)


@test("--wait is how long replies are waited for")
async def _():
    async def late(connection):
        async for message in connection:
            await asyncio.sleep(1)
            await connection.send(f"late {message}")
    async with peer(late) as server:
        result = await martlet("connect", server.url, "--wait", "4", stdin="reply")
        equal((result.lines, result.status), (["late reply"], 0), "output and status")


if __name__ == "__main__":
    main()
