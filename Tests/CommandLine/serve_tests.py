"""`martlet serve`: what it prints, what stops it from starting, and how it ends."""

import asyncio
import re
import shutil
import signal
import ssl
import tempfile
import urllib.request
from pathlib import Path

from expectations import one_line
from harness import DEADLINE, Process, Server, certificate, check, contains, equal, martlet, test


async def get(url, authority=None):
    """Status, content type and body."""
    def ask():
        context = ssl.create_default_context(cafile=authority) if authority else None
        handlers = [urllib.request.ProxyHandler({})] + ([urllib.request.HTTPSHandler(context=context)] if context else [])
        with urllib.request.build_opener(*handlers).open(url, timeout=DEADLINE) as response:
            return response.status, response.headers["Content-Type"], response.read().decode()
    return await asyncio.to_thread(ask)


async def all_urls(server):
    """The URLs of the six lines it prints, by their names."""
    lines = [await server.line() for _ in range(6)]
    found = dict(re.fullmatch(r"  (.*?)  +(\S+)", line).groups() for line in lines)
    equal(sorted(found), ["chat", "echo", "engine", "health", "socket", "try it"], "names of URLs")
    return found


async def opened(server, request):
    """A connection that has sent this, and the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.format(port=server.port).replace("\n", "\r\n").encode())
    return (await reader.readuntil(b"\r\n\r\n")).decode(), reader, writer


@test("serve: the URLs it prints are right")
async def _():
    async with Server() as server:
        urls = await all_urls(server)
        status, kind, body = await get(urls["try it"])
        equal((status, kind), (200, "text/html; charset=utf-8"), "status and type of the page")
        contains(body, "<title>Martlet</title>", "page")
        equal((await get(urls["health"]))[::2], (200, "ok\n"), "health")
        for name in ("echo", "chat"):
            result = await martlet("connect", urls[name], stdin=f"hello, {name}")
            equal((result.lines, result.errors, result.status), ([f"hello, {name}"], "", 0), f"connect to {name}")
        equal((await server.stopped()).errors, "", "standard error")


@test("serve: the URLs it prints with TLS are right")
async def _():
    async with certificate() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        urls = await all_urls(server)
        check(all(url.split(":")[0] in ("https", "wss") for url in urls.values()), f"URLs {urls}")
        equal((await get(urls["health"], chain))[::2], (200, "ok\n"), "health")
        result = await martlet("connect", "--insecure", urls["echo"], stdin="hello")
        equal((result.lines, result.errors, result.status), (["hello"], "", 0), "connect to echo")


@test("serve: a port in use is one line and status 1")
async def _():
    async with Server() as server:
        result = await martlet("serve", "--host", "127.0.0.1", "--port", str(server.port))
        equal((result.output, result.status), ("", 1), "output and status")
        one_line(result.errors, f"127.0.0.1:{server.port}", "in use")
        equal((await get(f"{server.http}/healthz"))[0], 200, "status of the first server")


@test("serve: an address that is not ours is one line and status 1")
async def _():
    # Of TEST-NET-1, which no machine has (RFC 5737).
    result = await martlet("serve", "--host", "192.0.2.1", "--port", "0")
    equal((result.output, result.status), ("", 1), "output and status")
    one_line(result.errors, "can't listen on 192.0.2.1", "address")


@test("serve: a name that does not exist is one line and status 1")
async def _():
    result = await martlet("serve", "--host", "nothing.invalid", "--port", "0")
    equal((result.output, result.status), ("", 1), "output and status")
    one_line(result.errors, "can't listen on nothing.invalid")


@test("serve: a certificate that can't be read is one line and status 1")
async def _():
    async with certificate() as (chain, key), certificate() as (_, other_key):
        with tempfile.NamedTemporaryFile(suffix=".pem") as empty:
            for pair in (("missing.pem", key), (chain, "missing.pem"), (empty.name, key), (chain, empty.name), (chain, other_key)):
                result = await martlet("serve", "--port", "0", "--tls-certificate", pair[0], "--tls-key", pair[1])
                equal((result.output, result.status), ("", 1), f"output and status with {pair}")
                one_line(result.errors)


def presented(port):
    """The certificate of a server, in PEM."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10).strip()


async def says(process, part):
    """Waits until it is on standard error; the deadline is that of the test."""
    while part not in process.errors():
        await asyncio.sleep(0.05)


@test("serve: SIGHUP reads the certificate again; a wrong one changes nothing, and open connections go on")
async def _():
    async with certificate() as (chain, key), certificate() as (new_chain, new_key):
        first, second = Path(chain).read_text().strip(), Path(new_chain).read_text().strip()
        async with Server("--tls-certificate", chain, "--tls-key", key) as server, \
                Process("connect", "--insecure", f"{server.ws}/echo", stdin=asyncio.subprocess.PIPE) as client:
            client.write("before\n")
            equal(await client.line(), "before", "echo")
            equal(await asyncio.to_thread(presented, server.port), first, "certificate at first")
            shutil.copyfile(new_chain, chain)
            shutil.copyfile(new_key, key)
            server.signal(signal.SIGHUP)
            await says(server, "read again")
            equal(await asyncio.to_thread(presented, server.port), second, "certificate after SIGHUP")
            Path(chain).write_text("nonsense")
            server.signal(signal.SIGHUP)
            await says(server, "stays as it is")
            equal(await asyncio.to_thread(presented, server.port), second, "certificate after nonsense")
            client.write("after\n")
            equal(await client.line(), "after", "echo of the connection that was open")
            equal((await client.finished(b"")).status, 0, "status of the client")
            equal((await server.stopped()).status, 0, "status")


@test("serve: SIGINT and SIGTERM end it with status 0")
async def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        async with Server() as server:
            result = await server.stopped(by=number)
            equal((result.status, result.errors), (0, ""), f"status and errors after {number.name}")


@test("serve: SIGINT and SIGTERM close open connections first")
async def _():
    for number in (signal.SIGINT, signal.SIGTERM):
        async with Server() as server, Process("connect", f"{server.ws}/echo", stdin=asyncio.subprocess.PIPE) as client:
            client.write("hello\n")
            equal(await client.line(), "hello", "echo")
            result = await server.stopped(by=number)
            equal((result.status, result.errors), (0, ""), f"status and errors after {number.name}")
            # 1001 from the server is an ordinary end.
            end = await client.finished()
            equal((end.status, end.errors), (0, ""), "status and errors of the client")


HANDSHAKE = ("GET /echo HTTP/1.1\nHost: 127.0.0.1:{port}\nUpgrade: websocket\nConnection: Upgrade\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13\n\n")


@test("serve: a client that does not answer can't keep it from ending")
async def _():
    async with Server() as server:
        head, reader, writer = await opened(server, HANDSHAKE)
        check(head.startswith("HTTP/1.1 101 "), f"answer {head!r}")
        idle_head, _, idle = await opened(server, "GET /healthz HTTP/1.1\nHost: 127.0.0.1:{port}\n\n")
        check(idle_head.startswith("HTTP/1.1 200 "), f"answer {idle_head!r}")
        _, silent = await asyncio.open_connection("127.0.0.1", server.port)
        result = await server.stopped()
        equal((result.status, result.errors), (0, ""), "status and errors")
        received = await reader.read()
        equal(received[:1] + received[2:4], b"\x88\x03\xe9", "Close frame with 1001")
        for connection in (writer, idle, silent):
            connection.close()
