"""`martlet connect` in scripts: pipes, exit statuses, commands from a file."""

import asyncio
import re
import signal
import socket
import time

from expectations import one_line
from harness import MARTLET, Process, Server, check, contains, equal, martlet, test
from peer import echo, peer


@test("connect: lines in, lines out")
async def _():
    async with Server() as server:
        lines = ["one", "", "Grüße 👩🏽", "x" * 100_000, "/ping", "//two"]
        for end in ("", "\n"):
            result = await martlet("connect", f"{server.ws}/echo", stdin="\n".join(lines) + end)
            equal((result.lines, result.errors, result.status), (lines, "", 0), "output, errors and status")
        result = await martlet("connect", f"{server.http}/echo", stdin="by http:")
        equal((result.lines, result.status), (["by http:"], 0), "output and status of an http: URL")


@test("connect: works in a pipeline")
async def _():
    async with Server() as server:
        shell = await asyncio.create_subprocess_exec(
            "bash", "-o", "pipefail", "-c", 'printf "b\\na\\n" | "$0" connect "$1" | sort', MARTLET, f"{server.ws}/echo",
            stdout=asyncio.subprocess.PIPE)
        output, _ = await shell.communicate()
        equal((output, shell.returncode), (b"a\nb\n", 0), "output and status")
        shell = await asyncio.create_subprocess_exec(
            "bash", "-c", 'seq 10000 | "$0" connect "$1" | head -n 1', MARTLET, f"{server.ws}/echo",
            stdout=asyncio.subprocess.PIPE)
        output, _ = await shell.communicate()
        equal(output, b"1\n", "output into a pipe that is closed early")


@test("connect: input that is not UTF-8 does not break the connection")
async def _():
    async with Server() as server:
        result = await martlet("connect", f"{server.ws}/echo", stdin=b"\xff\xfe\nafter\n")
        equal((result.lines, result.status), (["\ufffd\ufffd", "after"], 0), "output and status")


@test("class 22, terminal injection: connect escapes control characters")
async def _():
    async with Server() as server:
        result = await martlet("connect", f"{server.ws}/echo", stdin="\x1b]0;title\x07\t\r\x9b31m \u200fback\\slash\n")
        equal((result.output, result.status), ("\\u{1b}]0;title\\u{7}\\t\\r\\u{9b}31m \\u{200f}back\\\\slash\n", 0),
              "output and status")


@test("connect: a server that is not there is status 2 and one line")
async def _():
    with socket.socket() as taken:
        # Bound and not listening: nobody else gets the port, and it refuses.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = await martlet("connect", f"ws://127.0.0.1:{port}/", stdin="hello")
        equal((result.output, result.status), ("", 2), "output and status")
        one_line(result.errors, "127.0.0.1", str(port), "refused")


@test("connect: a URL that can't be connected to is status 2 and one line")
async def _():
    for url, part in (("", "scheme"), ("nonsense", "scheme"), ("ftp://host/", "ftp"), ("ws://", "host"),
                      ("ws://127.0.0.1:65536/", "65536"), ("ws://127.0.0.1/#part", "fragment"), ("ws://127.0.0.1/a b", "space"),
                      ("ws://nothing.invalid/", "nothing.invalid")):
        result = await martlet("connect", url, stdin="hello")
        equal((result.output, result.status), ("", 2), f"output and status for {url!r}")
        one_line(result.errors, part)


@test("connect: a refusal is status 2, with what the server said")
async def _():
    async with Server() as server:
        result = await martlet("connect", f"{server.ws}/nothing-here", stdin="hello")
        equal((result.output, result.status), ("", 2), "output and status")
        for part in ("404", "Not Found", "Nothing here."):
            contains(result.errors, part, "standard error")
        result = await martlet("connect", f"{server.ws}/echo", "--origin", "https://evil.example", stdin="hello")
        equal((result.output, result.status), ("", 2), "output and status")
        contains(result.errors, "403", "standard error")


@test("connect: --timeout ends the wait for a server that says nothing")
async def _():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        result = await martlet("connect", f"ws://127.0.0.1:{silent.getsockname()[1]}/", "--timeout", "0.5", stdin="hello")
        took = time.monotonic() - began
        equal((result.output, result.status), ("", 2), "output and status")
        one_line(result.errors)
        check(0.5 <= took < 8, f"it took {took:.2f} s")


@test("connect: a server that dies is status 1")
async def _():
    async with Server() as server, Process("connect", f"{server.ws}/echo", stdin=asyncio.subprocess.PIPE) as client:
        client.write("hello\n")
        equal(await client.line(), "hello", "echo")
        server.signal(signal.SIGKILL)
        result = await client.finished()
        equal((result.output, result.status), ("", 1), "output and status")
        one_line(result.errors, "connection failed")


@test("connect: --wait 0 closes at the end of input")
async def _():
    async with peer(echo) as server:
        began = time.monotonic()
        result = await martlet("connect", server.url, "--wait", "0", stdin="hello")
        took = time.monotonic() - began
        equal(result.status, 0, "status")
        check(took < 0.9, f"it took {took:.2f} s, nearly the default")
        equal((await server.ends.get()).close_code, 1000, "code of the client")


@test("connect: --commands takes commands from a script")
async def _():
    seen = []

    async def listen(connection):
        async for message in connection:
            seen.append(message)
            await connection.send(message)
    async with peer(listen) as server:
        result = await martlet("connect", "--commands", server.url,
                               stdin="text\n/binary 00ff\n/binary\n//ping\n/ping\n/close 4000 bye\nnot sent\n")
        connection = await server.ends.get()
        equal(seen, ["text", b"\x00\xff", b"", "/ping"], "messages that arrived")
        end = connection.protocol.close_rcvd
        equal((end.code, end.reason), (4000, "bye"), "what the close said")
        pongs = [line for line in result.lines if re.fullmatch(r"pong after \d+\.\d{3} ms", line)]
        equal(len(pongs), 1, "lines about a pong")
        echoes = [line.rstrip() for line in result.lines if line not in pongs]
        equal(echoes, ["text", "binary 00ff", "binary", "/ping"], "other lines")
        equal((result.errors, result.status), ("", 0), "errors and status")


@test("connect: commands that are wrong are explained and do no harm")
async def _():
    async with Server() as server:
        for command, part in (("/x", "no such command"), ("/", "no such command"), ("/binary00", "no such command"),
                              ("/binary 0", "/binary HEX"), ("/binary 0g", "/binary HEX"), ("/close soon", "/close [code]"),
                              ("/close 999", "999"), ("/close 1005", "1005"), ("/close 70000", "/close [code]"),
                              (f"/close 4000 {'r' * 124}", "123 bytes")):
            result = await martlet("connect", "--commands", f"{server.ws}/echo", "--wait", "0.3", stdin=f"{command}\nafter\n")
            one_line(result.errors, part)
            equal((result.lines, result.status), (["after"], 0), f"output and status after {command}")


@test("connect --socket.io: events out and in, by each transport")
async def _():
    async with Server() as server:
        for transport in ("upgrade", "polling", "websocket"):
            result = await martlet("connect", "--socket.io", server.http, "--namespace", "/echo", "--transport", transport,
                                   "--wait", "0.5", stdin="one\nzwei é\x1b\n")
            equal((result.lines, result.status), (['message-back "one"', r'message-back "zwei é\\u001b"'], 0), f"output and status, {transport}")


@test("connect --socket.io: JSON, acknowledgments, another event")
async def _():
    async with Server() as server:
        result = await martlet("connect", "--socket.io", server.http, "--namespace", "/chat", "--event", "join", "--ack",
                               stdin="r\n")
        equal([line for line in result.lines if line.startswith("ack")], ['ack ["r"]'], "output")
        result = await martlet("connect", "--socket.io", f"{server.http}/socket.io/", "--namespace", "/echo", "--json", "--ack",
                               stdin='["a",{"b":[1.5]}]\nno json\n7\n')
        equal(sorted(result.lines), ["ack \"a\" {\"b\":[1.5]}", "ack 7", "message-back \"a\" {\"b\":[1.5]}", "message-back 7"], "output")
        contains(result.errors, "a payload is JSON", "errors")


@test("connect --socket.io: a namespace that is refused, a server that is not there, options that are wrong")
async def _():
    async with Server() as server:
        result = await martlet("connect", "--socket.io", server.http, "--namespace", "/nowhere", stdin="x\n")
        equal((result.errors, result.status), ("refused: Invalid namespace\n", 2), "errors and status")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        for transport in ("upgrade", "polling", "websocket"):
            result = await martlet("connect", "--socket.io", f"http://127.0.0.1:{taken.getsockname()[1]}", "--transport", transport, stdin="x\n")
            equal((result.status, len(result.errors.splitlines())), (2, 1), f"status and lines of errors, {transport}")
    for wrong in (["--event", "connect"], ["--auth", "[1]"], ["--transport", "pigeon"]):
        result = await martlet("connect", "--socket.io", "http://127.0.0.1:1", *wrong, stdin="")
        equal(result.status, 64, f"status with {wrong}")


@test("connect --socket.io: what a session can't honour is refused, and said by the help")
async def _():
    several = ["--resolve", "a:1:127.0.0.1,127.0.0.2"]
    for wrong in (["--subprotocol", "chat"], ["--max-redirects", "1"], ["--commands"], ["--http2"], several):
        result = await martlet("connect", "--socket.io", "http://127.0.0.1:1", *wrong, stdin="")
        equal((result.output, result.status), ("", 64), f"output and status with {wrong}")
        contains(result.errors.splitlines()[0], wrong[0], "first line of errors")
        # A WebSocket alone can.
        result = await martlet("connect", "--socket.io", "http://127.0.0.1:1", "--transport", "websocket", *wrong, stdin="")
        equal(result.status, 2 if wrong[0] in ("--http2", "--resolve") else 64, f"status by WebSocket with {wrong}")
    contains(" ".join((await martlet("connect", "--help")).output.split()), "--http2 and more than one address for --resolve need --transport websocket", "help")


@test("connect --socket.io: --resolve, --http1 and credentials of the URL, by each transport")
async def _():
    async with Server() as server:
        place = f"nowhere.invalid:{server.port}"
        for transport in ("upgrade", "polling", "websocket"):
            result = await martlet("connect", "--socket.io", f"http://u:p@{place}", "--resolve", f"{place}:127.0.0.1", "--http1",
                                   "--namespace", "/echo", "--transport", transport, "--wait", "0.5", stdin="one\n")
            equal((result.lines, result.errors, result.status), (['message-back "one"'], "", 0), f"output, errors and status, {transport}")


@test("connect --socket.io: --http2 over TLS by a WebSocket alone")
async def _():
    async with Server("--tls-self-signed") as server:
        result = await martlet("connect", "--socket.io", server.http, "--insecure", "--http2", "--namespace", "/echo",
                               "--transport", "websocket", "--wait", "0.5", stdin="one\n")
        equal((result.lines, result.errors, result.status), (['message-back "one"'], "", 0), "output, errors and status")


@test("connect --socket.io: more lines than may wait for a connection, and no wait behind them")
async def _():
    async with Server() as server:
        lines = "".join(f"{number}\n" for number in range(3000))
        for transport in ("upgrade", "polling", "websocket"):
            result = await martlet("connect", "--socket.io", server.http, "--namespace", "/echo", "--transport", transport,
                                   "--json", "--wait", "3", stdin=lines)
            equal((result.lines, result.errors, result.status), ([f"message-back {number}" for number in range(3000)], "", 0),
                  f"output, errors and status, {transport}")
            result = await martlet("connect", "--socket.io", server.http, "--namespace", "/chat", "--transport", transport,
                                   "--event", "join", "--ack", "--wait", "0", stdin="r\n")
            equal([line for line in result.lines if line.startswith("ack")], ['ack ["r"]'], f"output, {transport}")
            equal((result.errors, result.status), ("", 0), f"errors and status, {transport}")


@test("connect --socket.io: a refusal is status 2, with what the server said, its control characters escaped once")
async def _():
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 No\r\nX-Why: moulting\r\nContent-Length: 9\r\n\r\nno \"\x1b\\\"!\n")
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for transport in ("upgrade", "polling", "websocket"):
            result = await martlet("connect", "--socket.io", url, "--transport", transport, stdin="x\n")
            equal((result.output, result.status), ("", 2), "output and status")
            contains(result.errors.splitlines()[0], "403", "first line of errors")
            contains(result.errors.lower(), "x-why: moulting", "errors")
            contains(result.errors, 'no "\\u{1b}\\\\"!', "errors")


@test("class 22, terminal injection: the reason of a close is escaped once")
async def _():
    async def say(connection):
        await connection.close(4000, "\x1b[31m \"quoted\" back\\slash")
    async with peer(say) as server:
        result = await martlet("connect", server.url, stdin="")
        equal(result.status, 1, "status")
        contains(result.errors, r'4000 "\u{1B}[31m \"quoted\" back\\slash"', "errors")
