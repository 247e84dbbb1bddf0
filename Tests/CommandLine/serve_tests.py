"""`martlet serve`: what it prints, what stops it from starting, and how it ends."""

import asyncio
import hashlib
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


async def answer(reader, writer, path, *fields):
    """Status line and body of a request on a connection of its own."""
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return head.split("\r\n")[0], body


@test("serve: --host may be repeated, and the URLs of each are printed")
async def _():
    async with Process("serve", "--host", "127.0.0.1", "--host", "::1", "--port", "0") as process:
        found = []
        for host in ("127.0.0.1", r"\[::1\]"):
            line = await process.line()
            place = re.fullmatch(rf"Martlet is listening on (http://{host}:\d+)/", line)
            check(place, f"line {line!r}")
            urls = await all_urls(process)
            check(all(place[1].partition("://")[2] in url for url in urls.values()), f"URLs {urls} of {place[1]}")
            found.append(urls)
        for urls in found:
            equal((await get(urls["health"]))[::2], (200, "ok\n"), "health")
            result = await martlet("connect", urls["echo"], stdin="hello")
            equal((result.lines, result.errors, result.status), (["hello"], "", 0), "connect to echo")


@test("serve: --unix-socket alone, and beside a port; that of a server that runs is not taken")
async def _():
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "martlet.sock"))
        for options in ([], ["--port", "0", "--tls-self-signed"]):
            # The second finds the file that the first has left.
            async with Process("serve", "--unix-socket", path, *options) as process:
                if options:
                    contains(await process.line(), "Martlet is listening on https://127.0.0.1:", "first line")
                    await all_urls(process)
                    contains(await process.line(), "SHA-256", "line")
                equal(await process.line(), f"Martlet is listening on unix:{path}", "line")
                result = await martlet("serve", "--unix-socket", path)
                equal((result.output, result.status), ("", 1), "output and status of a second server")
                one_line(result.errors, f"can't listen on unix:{path}")
                status, body = await answer(*await asyncio.open_unix_connection(path), "/whoami")
                equal((status, body), ("HTTP/1.1 200 OK", "unix http\n"), "answer")
                result = await martlet("connect", f"ws+unix://{path}:/echo", stdin="hello")
                equal((result.lines, result.errors, result.status), (["hello"], "", 0), "connect to echo")


@test("serve: the fingerprint it prints is that of its certificate")
async def _():
    async with Server("--tls-self-signed") as server:
        await all_urls(server)
        printed = re.fullmatch(r"  SHA-256  ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})", await server.line())
        check(printed, "no fingerprint")
        certificate_of_server = ssl.PEM_cert_to_DER_cert(await asyncio.to_thread(presented, server.port))
        equal(printed[1].replace(":", "").lower(), hashlib.sha256(certificate_of_server).hexdigest(), "fingerprint")


@test("serve: --tls-client-authority lets in whom it vouches for, and nobody else")
async def _():
    async with certificate() as (chain, key), certificate() as (own, own_key), certificate() as (other, other_key), \
            Server("--tls-certificate", chain, "--tls-key", key, "--tls-client-authority", own) as server:
        async def ask(*identity):
            context = ssl.create_default_context(cafile=chain)
            if identity:
                context.load_cert_chain(*identity)
            connection = await asyncio.open_connection("127.0.0.1", server.port, ssl=context, server_hostname="127.0.0.1")
            return await answer(*connection, "/healthz")
        equal(await ask(own, own_key), ("HTTP/1.1 200 OK", "ok\n"), "answer to the one it vouches for")
        for identity in ((), (other, other_key)):
            try:
                # With TLS 1.3 a client hears of its refusal when it reads.
                refused = await ask(*identity)
            except TimeoutError:
                raise
            except OSError:
                continue
            equal(refused, ("", ""), f"answer to {identity or 'nobody'}")


@test("serve: --trust-proxy and --forwarded say whose word counts, and which")
async def _():
    fields = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.2;proto=https"]
    for options, expected in (
        ([], "127.0.0.1 http\n"),
        (["--trust-proxy", "10.0.0.0/8"], "127.0.0.1 http\n"),
        (["--trust-proxy", "10.0.0.0/8", "--trust-proxy", "127.0.0.1"], "192.0.2.1 https\n"),
        (["--trust-proxy", "127.0.0.0/8", "--forwarded"], "192.0.2.2 https\n"),
    ):
        async with Server(*options) as server:
            _, body = await answer(*await asyncio.open_connection("127.0.0.1", server.port), "/whoami", *fields)
            equal(body, expected, f"who we are with {options}")
