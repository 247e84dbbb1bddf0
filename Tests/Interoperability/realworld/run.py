#!/usr/bin/env python3
"""`martlet connect` in the world as it is: proxies, certificates that are wrong, servers that hang, break off or redirect.

    pip install -r Tests/Interoperability/requirements.txt
    MARTLET=.build/release/martlet python3 Tests/Interoperability/realworld/run.py [part of a name ...]
"""

# Debian's packages that are needed: tinyproxy, dante-server, nginx-light, haproxy, openssl.

import asyncio
import base64
import hashlib
import socket
import sys
import tempfile
import time
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import Process, Server, check, contains, equal, main, martlet, test

try:
    from peer import Peer, echo, peer
    from websockets.asyncio.server import unix_serve
    from websockets.datastructures import Headers
    from websockets.http11 import Response
except ModuleNotFoundError as error:
    sys.exit(f"FAIL {error}: pip install -r Tests/Interoperability/requirements.txt\n0 passed, 1 failed")

from peers import (SOCKS5, Certificates, answering, context, danted, environment, forget_proxies, free_port, haproxy,
                   listener, nginx, reset, silent, tinyproxy)

import socketio  # noqa: F401, E402: has tests of its own

HELD = tempfile.TemporaryDirectory()
CERTIFICATES = None
# What a busy machine may add to --timeout, in seconds.
SLACK = 6
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


def certificates():
    """Made once, when the first test asks for them."""
    global CERTIFICATES
    if CERTIFICATES is None:
        CERTIFICATES = Certificates(HELD.name)
    return CERTIFICATES


def secure(handler=echo, alpn=(), pair=None, **options):
    return peer(handler, ssl=context(pair or certificates().good, alpn), **options)


async def echoes(url, *options, lines=("hello", "again")):
    """Every line comes back, and the conversation ends well."""
    async with Process("connect", *options, "--wait", "0", url, stdin=asyncio.subprocess.PIPE) as client:
        client.write("".join(f"{line}\n" for line in lines))
        found = []
        while len(found) < len(lines) and (line := await client.process.stdout.readline()):
            found.append(line.decode().removesuffix("\n"))
        result = await client.finished(b"")
        found += result.lines
        equal((found, result.errors, result.status), (list(lines), "", 0), f"output, errors and status of {url}")


async def fails(url, *options, parts=(), lines=1):
    """No connection comes about. One line says why, more only for a refusal: `lines` is None then."""
    result = await martlet("connect", *options, url, stdin="hello")
    equal((result.output, result.status), ("", 2), f"output and status, with {result.errors!r}")
    if lines is not None:
        equal(len(result.errors.splitlines()), lines, f"lines on standard error, {result.errors!r}")
    for part in parts:
        contains(result.errors.lower(), part.lower(), "standard error")
    return result


async def is_too_late(url, *options):
    began = time.monotonic()
    result = await fails(url, "--timeout", "2", *options, parts=["no connection within"])
    took = time.monotonic() - began
    check(1.5 < took < 2 + SLACK, f"it took {took:.1f} s: {result.errors!r}")


def trusting():
    """Options by which the certificates of our authority are verified as those of the world are."""
    return "--ca", certificates().authority


def identified():
    """Options of a server with one of those certificates."""
    chain, key = certificates().good
    return "--tls-certificate", chain, "--tls-key", key


def answer(status, phrase, *fields, body=b""):
    return Response(status, phrase, Headers([*fields, ("Content-Length", str(len(body)))]), body)


# ── TLS ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

@test("TLS: text is echoed")
async def _():
    async with secure() as server:
        await echoes(server.url, *trusting(), lines=["hello", "", "Grüße 日本語"])
        equal((await server.ends.get()).close_code, 1000, "close code")


@test("TLS: a message of 1 MiB goes and comes back")
async def _():
    text = "0123456789abcdef" * (1 << 16)
    for options in ((), ("--no-compression",)):
        async with secure(max_size=None) as server:
            await echoes(server.url, *trusting(), *options, lines=[text])


@test("TLS: codes of closing")
async def _():
    for code, status in ((1000, 0), (1001, 0), (1008, 1), (1011, 1), (4321, 1)):
        async def handler(connection):
            await connection.close(code, "that is all")
        async with secure(handler) as server:
            async with Process("connect", *trusting(), server.url, stdin=asyncio.subprocess.PIPE) as client:
                result = await client.finished()
            equal((result.output, result.status), ("", status), f"output and status after {code}")
            if status:
                contains(result.errors, str(code), "standard error")
                contains(result.errors, "that is all", "standard error")
            equal((await server.ends.get()).close_code, code, "code of the reply")


@test("TLS: HTTP/1.1 where the server has no h2")
async def _():
    for alpn in ((), ("http/1.1",)):
        async with secure(alpn=alpn) as server:
            await echoes(server.url, *trusting())
            agreed = (await server.ends.get()).transport.get_extra_info("ssl_object").selected_alpn_protocol()
            equal(agreed, alpn[0] if alpn else None, "what ALPN agreed on")


@test("TLS: a connection that breaks off is not a clean end")
async def _():
    async def handler(connection):
        await connection.send("last words")
        connection.transport.abort()
    async with secure(handler) as server:
        async with Process("connect", *trusting(), server.url, stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal(result.status, 1, "status")
        contains(result.errors, "1006", "standard error")


@test("TLS: certificates that are wrong are refused before anything of HTTP is sent")
async def _():
    made = certificates()
    for name, pair in (("self-signed", made.self_signed), ("wrong name", made.wrong_name), ("expired", made.expired),
                       ("unknown authority", made.good)):
        async with listener(silent, ssl=context(pair)) as server:
            result = await fails(f"wss://127.0.0.1:{server.port}/", parts=["tls", "certificate"])
            equal(server.received, b"", f"what a server with a {name} certificate read; {result.errors!r}")
        async with secure(pair=pair) as server:
            await echoes(server.url, "--insecure")


@test("TLS: wss: to a server without it, ws: to a server with it")
async def _():
    async with peer(echo) as server:
        await fails(server.url.replace("ws:", "wss:"), "--insecure", parts=["tls"])
    async with secure() as server:
        await fails(server.url.replace("wss:", "ws:"))


@test("TLS: an authority that is trusted, by --ca, and one that is not")
async def _():
    made = certificates()
    async with secure() as server:
        await echoes(server.url, "--ca", made.authority)
        await fails(server.url, "--ca", made.self_signed[0], parts=["tls", "certificate"])
        for options, parts in ((("--ca", made.authority + ".none"), ["--ca"]), (("--ca", made.good[1]), ["--ca"]),
                               (("--ca", made.authority, "--insecure"), ["--ca", "--insecure"])):
            result = await martlet("connect", *options, server.url)
            equal((result.output, result.status), ("", 64), f"output and status with {options}")
            for part in parts:
                contains(result.errors, part, "standard error")
    for pair in (made.wrong_name, made.expired):
        async with secure(pair=pair) as server:
            await fails(server.url, "--ca", made.authority, parts=["tls", "certificate"])


@test("class 16, host name: behind a proxy, and with --resolve, the certificate must be for the address of the URL")
async def _():
    # Either way the other end is 127.0.0.1, which the good certificate is for.
    proxy = SOCKS5("bird", "")
    async with listener(proxy) as front, secure(pair=certificates().documentation) as right, secure() as wrong:
        for host in ("203.0.113.5", "[2001:db8::5]"):
            for server, acceptable in ((right, True), (wrong, False)):
                url = f"wss://{host}:{server.port}/"
                for way in (("--proxy", f"socks5://bird:@127.0.0.1:{front.port}"),
                            ("--resolve", f"{host.strip('[]')}:{server.port}:127.0.0.1")):
                    if way[0] == "--resolve" and ":" in host.strip("[]"):
                        # It has no way to write an address of IPv6 for the host.
                        continue
                    if acceptable:
                        await echoes(url, *trusting(), *way)
                    else:
                        await fails(url, *trusting(), *way, parts=["tls", "certificate", host.strip("[]")])
        check(wrong.ends.empty(), "there was a connection")


# ── HTTP proxies ──────────────────────────────────────────────────────────────────────────────────────────────────────

@test("tinyproxy: ws: and wss: go through it")
async def _():
    async with tinyproxy() as proxy, peer(echo) as plain, secure() as encrypted:
        for server, options in ((plain, ()), (encrypted, trusting())):
            await echoes(server.url, "--proxy", f"http://127.0.0.1:{proxy.port}", *options)
            check(await proxy.logged(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"), f"not in the log: {proxy.log()!r}")
            # Without a scheme it is http.
            await echoes(server.url, "--proxy", f"127.0.0.1:{proxy.port}", *options)


@test("tinyproxy: 1 MiB goes through it")
async def _():
    text = "0123456789abcdef" * (1 << 16)
    async with tinyproxy() as proxy, secure(max_size=None) as server:
        await echoes(server.url, *trusting(), "--no-compression", "--proxy", f"http://127.0.0.1:{proxy.port}",
                     lines=[text])


@test("tinyproxy: it resolves the name")
async def _():
    async with tinyproxy() as proxy, peer(echo) as server:
        await echoes(f"ws://localhost:{server.port}/", "--proxy", f"http://127.0.0.1:{proxy.port}")
        check(await proxy.logged(f"CONNECT localhost:{server.port} HTTP/1.1"), f"not in the log: {proxy.log()!r}")


@test("tinyproxy: user and password")
async def _():
    async with tinyproxy("BasicAuth bird feather7") as proxy, peer(echo) as plain, secure() as encrypted:
        for server, options in ((plain, ()), (encrypted, trusting())):
            await echoes(server.url, "--proxy", f"http://bird:feather7@127.0.0.1:{proxy.port}", *options)
            # Percent-encoded, it is the same password.
            await echoes(server.url, "--proxy", f"http://bird:%66eather7@127.0.0.1:{proxy.port}", *options)
            check(await proxy.logged(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"), f"not in the log: {proxy.log()!r}")
            for given in ("", "bird:wrong@", "other:feather7@", "bird@"):
                # tinyproxy closes without having read all that was sent: no matter, what it said must be shown.
                result = await fails(server.url, "--proxy", f"http://{given}127.0.0.1:{proxy.port}", *options, lines=None,
                                     parts=["proxy", f"127.0.0.1:{proxy.port}"])
                # It says 401 where credentials are wrong, 407 where there are none.
                check("407" in result.errors.splitlines()[0] or given and "401" in result.errors.splitlines()[0],
                      f"neither 407 nor 401 with {given!r}: {result.errors!r}")
                check("feather7" not in result.errors and "wrong" not in result.errors.splitlines()[0],
                      f"the password is shown: {result.errors!r}")


@test("tinyproxy: a port that it forbids")
async def _():
    async with peer(echo) as server, tinyproxy("ConnectPort 443") as proxy:
        result = await fails(server.url, "--proxy", f"http://127.0.0.1:{proxy.port}", lines=None, parts=["proxy", "403"])
        contains(result.errors.splitlines()[0], f"127.0.0.1:{proxy.port}", "first line")
        check(server.ends.empty(), "the server was reached")
    async with peer(echo) as server, tinyproxy(f"ConnectPort {server.port}") as proxy:
        await echoes(server.url, "--proxy", f"http://127.0.0.1:{proxy.port}")


@test("tinyproxy: a server that is not there")
async def _():
    async with tinyproxy() as proxy:
        result = await fails(f"ws://127.0.0.1:{free_port()}/", "--proxy", f"http://127.0.0.1:{proxy.port}", lines=None,
                             parts=["proxy", "500"])
        contains(result.errors.splitlines()[0], f"127.0.0.1:{proxy.port}", "first line")


@test("a proxy that is not there is named")
async def _():
    async with peer(echo) as server:
        for scheme in ("http", "https", "socks5"):
            port = free_port()
            result = await fails(server.url, "--proxy", f"{scheme}://127.0.0.1:{port}", parts=["proxy", f"127.0.0.1:{port}"])
            # The server is there, and not to blame.
            check(f"port {server.port}" not in result.errors, f"another is blamed: {result.errors!r}")
        check(server.ends.empty(), "the server was reached although the proxy is not there")


@test("the proxy's answer 407 is named, shown, and the server is not asked")
async def _():
    refusal = answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"nest\"\r\n"
                        b"Content-Length: 12\r\n\r\nWho are you?")
    async with peer(echo) as server, listener(refusal) as proxy:
        result = await fails(server.url, "--proxy", f"http://bird:secret@127.0.0.1:{proxy.port}", lines=None,
                             parts=["407", "proxy-authenticate", 'basic realm="nest"', "who are you?"])
        contains(result.errors.splitlines()[0], f"http://127.0.0.1:{proxy.port}", "first line")
        contains(proxy.received, b"Proxy-Authorization: Basic YmlyZDpzZWNyZXQ=\r\n", "what the proxy read")
        equal(proxy.received.split(b"\r\n")[0], b"CONNECT 127.0.0.1:%d HTTP/1.1" % server.port, "request line")
        check(b"sec-websocket" not in proxy.received.lower(), "the proxy saw the server's request")
        check(server.ends.empty(), "the server was reached")


@test("the server's Authorization is not shown to the proxy, nor the proxy's to the server")
async def _():
    async with tinyproxy("BasicAuth bird feather7") as proxy, peer(echo) as server:
        await echoes(server.url, "--proxy", f"http://bird:feather7@127.0.0.1:{proxy.port}", "-H", "Authorization: Bearer a")
        fields = (await server.ends.get()).request.headers
        equal((fields.get_all("Authorization"), fields.get_all("Proxy-Authorization")), (["Bearer a"], []), "fields")
    async with listener(answering(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n")) as proxy:
        await fails(server.url, "--proxy", f"http://127.0.0.1:{proxy.port}", "-H", "Authorization: Bearer a", "-H",
                    "Cookie: a=b", lines=None, parts=["502"])
        check(b"Bearer" not in proxy.received and b"a=b" not in proxy.received, f"the proxy read {proxy.received!r}")


@test("proxies of the environment")
async def _():
    async with tinyproxy() as proxy, peer(echo) as plain, secure() as encrypted:
        address = f"http://127.0.0.1:{proxy.port}"

        async def goes(server, through, *options):
            before = proxy.log().count("CONNECT ")
            await echoes(server.url, *trusting(), *options)
            if through:
                for _ in range(30):
                    if proxy.log().count("CONNECT ") > before:
                        break
                    await asyncio.sleep(0.1)
            else:
                await asyncio.sleep(0.3)
            equal(proxy.log().count("CONNECT ") > before, through, "that it went through the proxy")
        for http, https, everything, nothing in (("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
                                                 ("http_proxy", "https_proxy", "all_proxy", "no_proxy")):
            with environment(**{http: address}):
                await goes(plain, True)
                await goes(encrypted, False)
                await goes(plain, False, "--no-proxy")
            with environment(**{https: address}):
                await goes(plain, False)
                await goes(encrypted, True)
                await goes(encrypted, False, "--no-proxy")
            with environment(**{everything: address}):
                await goes(plain, True)
                await goes(encrypted, True)
                await goes(encrypted, False, "--no-proxy")
            for exception, through in (("127.0.0.1", False), ("*", False), ("example.com, 127.0.0.1", False),
                                       (f"127.0.0.1:{plain.port}", False), ("example.com", True), ("127.0.0.1:1", True)):
                with environment(**{everything: address, nothing: exception}):
                    await goes(plain, through)


@test("proxies of the environment: a dead one is used, --proxy and small letters win, nonsense is named")
async def _():
    dead = f"http://127.0.0.1:{free_port()}"
    async with tinyproxy() as proxy, peer(echo) as server:
        alive = f"http://127.0.0.1:{proxy.port}"
        with environment(HTTP_PROXY=dead):
            await fails(server.url, parts=[dead.removeprefix("http://127.0.0.1:")])
            await echoes(server.url, "--proxy", alive)
            await echoes(server.url, "--no-proxy")
            with environment(http_proxy=alive):
                await echoes(server.url)
        with environment(ALL_PROXY="ftp://user:secret@127.0.0.1:1"):
            result = await fails(server.url, parts=["ALL_PROXY"])
            check("secret" not in result.errors, "the password is shown")
            await echoes(server.url, "--no-proxy")
        with environment(ALL_PROXY=dead, NO_PROXY="localhost,127.0.0.1"):
            await echoes(server.url)
            # What the command line says holds, exceptions of the environment or not.
            await fails(server.url, "--proxy", dead)


@test("TLS to the proxy")
async def _():
    async with (tinyproxy("BasicAuth bird feather7") as inner, peer(echo) as plain, secure() as encrypted,
                haproxy(certificates().both, inner.port, alpn="", mode="tcp") as outer):
        address = f"https://bird:feather7@127.0.0.1:{outer.port}"
        for server in (plain, encrypted):
            await echoes(server.url, *trusting(), "--proxy", address)
            check(await inner.logged(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"), f"not in the log: {inner.log()!r}")
            result = await fails(server.url, "--insecure", "--proxy", f"https://127.0.0.1:{outer.port}", lines=None,
                                 parts=["407"])
            contains(result.errors, f"https://127.0.0.1:{outer.port}", "standard error")
            # Its certificate is verified as any other.
            await fails(server.url, "--proxy", address, parts=["tls", "certificate"])
        # A proxy that has no TLS, and waits for the end of a line.
        await fails(plain.url, "--insecure", "--timeout", "2", "--proxy",
                    f"https://bird:feather7@127.0.0.1:{inner.port}")


# ── SOCKS ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

@test("danted: ws: and wss: go through it")
async def _():
    async with danted() as proxy, peer(echo) as plain, secure() as encrypted:
        for server, options in ((plain, ()), (encrypted, trusting())):
            for scheme in ("socks5", "socks5h"):
                await echoes(server.url, "--proxy", f"{scheme}://127.0.0.1:{proxy.port}", *options)
            check(await proxy.logged(f".{server.port}"), f"not in the log: {proxy.log()!r}")
            with environment(ALL_PROXY=f"socks5://127.0.0.1:{proxy.port}"):
                await echoes(server.url, *options)
            # It asks for no password, and we have one.
            await echoes(server.url, "--proxy", f"socks5://bird:feather7@127.0.0.1:{proxy.port}", *options)


@test("danted: it resolves the name")
async def _():
    # It logs no names; that it gets them is seen by the SOCKS server of our own, below.
    async with danted() as proxy, peer(echo) as server:
        await echoes(f"ws://localhost:{server.port}/", "--proxy", f"socks5://127.0.0.1:{proxy.port}")
        check(await proxy.logged(f".{server.port}"), f"not in the log: {proxy.log()!r}")


@test("danted: what it refuses is said")
async def _():
    async with peer(echo) as server:
        rule = f"socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = {server.port} log: connect }}"
        async with danted(rule) as proxy:
            address = f"socks5://127.0.0.1:{proxy.port}"
            await fails(server.url, "--proxy", address, parts=["proxy", address, "not allowed"])
            check(server.ends.empty(), "the server was reached")
            await fails(f"ws://127.0.0.1:{free_port()}/", "--proxy", address, parts=["proxy", address, "refused"])
            await fails("ws://no-such-name.invalid/", "--proxy", address, parts=["proxy", address])


@test("SOCKS: user name and password")
async def _():
    proxy = SOCKS5("bird", "feather:7")
    async with listener(proxy) as front, peer(echo) as plain, secure() as encrypted:
        for server, options in ((plain, ()), (encrypted, trusting())):
            await echoes(server.url, "--proxy", f"socks5://bird:feather:7@127.0.0.1:{front.port}", *options)
            equal(proxy.targets.pop(), (1, "127.0.0.1", server.port), "target")
            equal(proxy.accounts.pop(), (b"bird", b"feather:7"), "account")
            address = f"socks5://127.0.0.1:{front.port}"
            result = await fails(server.url, "--proxy", f"socks5://bird:wrong@127.0.0.1:{front.port}", *options,
                                 parts=[address, "password"])
            check("wrong@" not in result.errors, "the password is shown")
            # None that we can give is wanted.
            await fails(server.url, "--proxy", address, *options, parts=[address])
        equal(proxy.targets, [], "targets of those who were refused")


@test("SOCKS: names go to the proxy as they are, addresses of IPv6 as such")
async def _():
    proxy = SOCKS5("bird", "")
    async with listener(proxy) as front, peer(echo) as server:
        address = f"socks5://bird:@127.0.0.1:{front.port}"
        # The proxy here connects to the loopback interface whatever it is asked for.
        await echoes(f"ws://nest.invalid:{server.port}/", "--proxy", address)
        await echoes(f"ws://[2001:db8::1]:{server.port}/", "--proxy", address)
        equal(proxy.targets, [(3, "nest.invalid", server.port), (4, "2001:db8::1", server.port)], "targets")


@test("SOCKS: a proxy that is something else")
async def _():
    async with peer(echo) as other:
        # It is one for HTTP that waits for the end of a line.
        await fails(other.url, "--timeout", "2", "--proxy", f"socks5://127.0.0.1:{other.port}")

        async def nonsense(server, reader, writer):
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()

        async def shut(server, reader, writer):
            await reader.read(100)
        for handler in (nonsense, shut):
            async with listener(handler) as proxy:
                address = f"socks5://127.0.0.1:{proxy.port}"
                await fails(other.url, "--proxy", address, parts=["proxy", address])


# ── what hangs ────────────────────────────────────────────────────────────────────────────────────────────────────────

@test("hanging: TCP is accepted, nothing is said")
async def _():
    async with listener(silent) as server:
        await asyncio.gather(is_too_late(f"ws://127.0.0.1:{server.port}/"),
                             is_too_late(f"wss://127.0.0.1:{server.port}/", "--insecure"),
                             is_too_late(f"ws://127.0.0.1:{server.port}/", "--http2"))
        check(b"Sec-WebSocket-Key" in server.received, "no request came")


@asynccontextmanager
async def black_hole(host, port=0):
    """A port that answers nothing, not even that it is closed: more wait than its listener takes."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as full, ExitStack() as crowd:
        full.bind((host, port))
        full.listen(0)
        for _ in range(4):
            one = crowd.enter_context(socket.socket(family))
            one.setblocking(False)
            one.connect_ex(full.getsockname()[:2])
        await asyncio.sleep(0.2)
        yield full.getsockname()[1]


@test("hanging: nobody accepts")
async def _():
    async with black_hole("127.0.0.1") as port:
        await is_too_late(f"ws://127.0.0.1:{port}/")
    async with black_hole("::1") as port:
        await is_too_late(f"ws://[::1]:{port}/")


@test("happy eyeballs: where one family is refused or swallowed, the other connects, either way (RFC 8305)")
async def _():
    for dead, alive in (("::1", "127.0.0.1"), ("127.0.0.1", "::1")):
        async with peer(echo, host=alive) as server:
            place = f"nest.invalid:{server.port}"
            both = ("--resolve", f"{place}:{dead},{alive}")
            await echoes(f"ws://{place}/", *both, "--timeout", "5")
            async with black_hole(dead, server.port):
                began = time.monotonic()
                await echoes(f"ws://{place}/", *both, "--timeout", "5")
                took = time.monotonic() - began
                check(took < 4, f"{took:.1f} s with {dead} swallowed")
                await is_too_late(f"ws://{place}/", "--resolve", f"{place}:{dead}")


@test("hanging: the handshake of TLS is begun and never finished")
async def _():
    async def handler(server, reader, writer):
        await reader.read(100)
        # A record of 122 bytes with the beginning of a ServerHello.
        writer.write(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(20))
        await server.everything(reader)
        await asyncio.Event().wait()
    async with listener(handler) as server:
        await is_too_late(f"wss://127.0.0.1:{server.port}/", "--insecure")


@test("hanging: TLS is there, nothing is said")
async def _():
    async with listener(silent, ssl=context(certificates().good)) as one, \
            listener(silent, ssl=context(certificates().good, ["h2"])) as two:
        await asyncio.gather(is_too_late(f"wss://127.0.0.1:{one.port}/", "--insecure"),
                             is_too_late(f"wss://127.0.0.1:{two.port}/", "--insecure"))


@test("hanging: proxies that never answer")
async def _():
    async def greets(server, reader, writer):
        await reader.read(100)
        writer.write(b"\x05\0")
        await server.everything(reader)
        await asyncio.Event().wait()

    async def connects(server, reader, writer):
        await server.head(reader)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await server.everything(reader)
        await asyncio.Event().wait()
    async with listener(silent) as mute, listener(greets) as half, listener(connects) as tunnel, \
            listener(silent, ssl=context(certificates().good)) as encrypted:
        server = "ws://127.0.0.1:9/"
        await asyncio.gather(
            is_too_late(server, "--proxy", f"http://127.0.0.1:{mute.port}"),
            is_too_late(server, "--proxy", f"https://127.0.0.1:{mute.port}", "--insecure"),
            is_too_late(server, "--proxy", f"https://127.0.0.1:{encrypted.port}", "--insecure"),
            is_too_late(server, "--proxy", f"socks5://127.0.0.1:{mute.port}"),
            is_too_late(server, "--proxy", f"socks5://127.0.0.1:{half.port}"),
            is_too_late(server, "--proxy", f"http://127.0.0.1:{tunnel.port}"),
            is_too_late("wss://127.0.0.1:9/", "--insecure", "--proxy", f"http://127.0.0.1:{tunnel.port}"))
        check(b"Sec-WebSocket-Key" in tunnel.received, "no request came through the tunnel")


def drop_by_drop(before, again):
    """Sends `before` at once and `again` every now and then, for ever."""
    async def handler(server, reader, writer):
        await server.head(reader)
        writer.write(before)
        while True:
            for byte in again:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.3)
    return handler


@test("hanging: the head of the answer comes byte by byte")
async def _():
    async with listener(drop_by_drop(b"", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")) as one, \
            listener(drop_by_drop(SWITCHING, b"X: y\r\n")) as two:
        await asyncio.gather(is_too_late(f"ws://127.0.0.1:{one.port}/"), is_too_late(f"ws://127.0.0.1:{two.port}/"),
                             is_too_late("ws://127.0.0.1:9/", "--proxy", f"http://127.0.0.1:{one.port}"))


@test("hanging: answers 1xx without end")
async def _():
    async def handler(server, reader, writer):
        await server.head(reader)
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
    async with listener(handler) as server:
        began = time.monotonic()
        await fails(f"ws://127.0.0.1:{server.port}/", "--timeout", "2", lines=None)
        check(time.monotonic() - began < 2 + SLACK, "it took too long")


async def refused_in_time(handler, *options, proxied=False):
    """The refusal is there even if its body never ends: in time, and with what it said."""
    async with listener(handler) as server:
        began = time.monotonic()
        url = f"ws://127.0.0.1:{server.port}/"
        way = ["ws://127.0.0.1:9/", "--proxy", url.replace("ws:", "http:")] if proxied else [url]
        result = await fails(*way, "--timeout", "2", *options, lines=None)
        took = time.monotonic() - began
        check(took < 2 + SLACK, f"it took {took:.1f} s")
        return result


@test("hanging: the body of a refusal never ends")
async def _():
    heads = [b"HTTP/1.1 403 Forbidden\r\n%b\r\n" % field
             for field in (b"", b"Content-Length: 1000000\r\n", b"Transfer-Encoding: chunked\r\n")]
    drops = [b"x", b"x", b"1\r\nx\r\n"]
    results = await asyncio.gather(*(refused_in_time(drop_by_drop(head, drop), proxied=proxied)
                                     for head, drop in zip(heads, drops) for proxied in (False, True)))
    for result in results:
        check("403" in result.errors or "no connection within" in result.errors, f"neither reason: {result.errors!r}")


@test("a refusal's body without end, as fast as can be")
async def _():
    async def handler(server, reader, writer):
        await server.head(reader)
        writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        while True:
            writer.write(b"no! " * 10000)
            await writer.drain()
            await asyncio.sleep(0)
    for proxied in (False, True):
        result = await refused_in_time(handler, proxied=proxied)
        contains(result.errors.splitlines()[0], "403", "first line")
        check(len(result.errors) < 1 << 20, f"{len(result.errors)} characters on standard error")


@test("nobody listens there")
async def _():
    port = free_port()
    for url in (f"ws://127.0.0.1:{port}/", f"wss://127.0.0.1:{port}/"):
        result = await fails(url, parts=["127.0.0.1", str(port), "refused"])
        # It is one or the other.
        check("reset" not in result.errors, f"refused is not reset: {result.errors!r}")


@test("the name does not exist")
async def _():
    result = await fails("ws://no-such-name.invalid/", parts=["no-such-name.invalid"])
    equal(result.errors.count("not known"), 1, f"how often it is said, {result.errors!r}")
    await fails("ws://127.0.0.1/", "--proxy", "http://no-such-name.invalid:8080", parts=["no-such-name.invalid"])


# ── redirections ──────────────────────────────────────────────────────────────────────────────────────────────────────

class Redirecting:
    """Redirects the paths it is given, and keeps what it was asked."""

    def __init__(self, status=302, **places):
        self.status = status
        self.places = {f"/{path}": place for path, place in places.items()}
        self.requests = []

    def __call__(self, connection, request):
        self.requests.append(request)
        place = self.places.get(request.path)
        return place and answer(self.status, "Elsewhere", ("Location", place), body=b"look there")

    @property
    def paths(self):
        return [request.path for request in self.requests]


@test("redirections are not followed unasked")
async def _():
    for status in (301, 302, 303, 307, 308):
        asked = Redirecting(status, a="/b")
        async with peer(echo, process_request=asked) as server:
            result = await fails(server.url + "a", lines=None, parts=[str(status), "location", "/b"])
            contains(result.errors.splitlines()[0], str(status), "first line")
            equal(asked.paths, ["/a"], "requests")


@test("redirections on the same origin, relative and absolute")
async def _():
    for status in (301, 302, 303, 307, 308):
        asked = Redirecting(status, a="/b?x=1")
        async with peer(echo, process_request=asked) as server:
            for path, port in (("c", "ws"), ("d", "http")):
                asked.places["/" + path] = f"{port}://127.0.0.1:{server.port}/{path}/b?x=1"
            asked.places["/e/f"] = "../b?x=1"
            for path, end in (("a", "/b?x=1"), ("c", "/c/b?x=1"), ("d", "/d/b?x=1"), ("e/f", "/b?x=1")):
                asked.requests.clear()
                await echoes(server.url + path, "--max-redirects", "1", "-H", "Authorization: Bearer a", "-H",
                             "Cookie: a=b", "-H", "X-Other: c")
                equal(asked.paths, [f"/{path}", end], f"requests, with {status}")
                fields = asked.requests[-1].headers
                equal((fields.get_all("Authorization"), fields.get_all("Cookie"), fields.get_all("X-Other")),
                      (["Bearer a"], ["a=b"], ["c"]), "fields")


@test("redirections over TLS")
async def _():
    asked = Redirecting(a="/b")
    async with secure(process_request=asked) as server:
        asked.places["/c"] = f"https://127.0.0.1:{server.port}/d"
        await echoes(server.url + "a", *trusting(), "--max-redirects", "1")
        await echoes(server.url + "c", *trusting(), "--max-redirects", "1")
        equal(asked.paths, ["/a", "/b", "/c", "/d"], "requests")


@test("redirections to another origin lose Authorization and Cookie")
async def _():
    seen = Redirecting()
    async with peer(echo, process_request=seen) as other, secure(process_request=seen) as encrypted:
        asked = Redirecting(a=f"{other.url}b", c=f"{encrypted.url}b", d=f"//localhost:{other.port}/b")
        async with peer(echo, process_request=asked) as server:
            for path in "acd":
                seen.requests.clear()
                await echoes(server.url + path, *trusting(), "--max-redirects", "5", "-H", "Authorization: Bearer a",
                             "-H", "Cookie: a=b", "-H", "X-Other: c")
                equal(asked.requests[-1].headers["Authorization"], "Bearer a", "Authorization of the first request")
                equal(seen.paths, ["/b"], "requests")
                fields = seen.requests[0].headers
                equal((fields.get_all("Authorization"), fields.get_all("Cookie")), ([], []), "fields")
            contains(seen.requests[0].headers["Host"], "localhost:", "Host")


@test("redirections are counted")
async def _():
    asked = Redirecting(a="/a", b="/c", c="/d", d="/e")
    async with peer(echo, process_request=asked) as server:
        await fails(server.url + "a", "--max-redirects", "3", lines=None, parts=["302", "/a"])
        equal(len(asked.paths), 4, "requests")
        await fails(server.url + "b", "--max-redirects", "2", lines=None, parts=["302", "/e"])
        await echoes(server.url + "b", "--max-redirects", "3")


@test("redirections from wss: to ws: are refused")
async def _():
    seen = Redirecting()
    async with peer(echo, process_request=seen) as plain:
        for place in (plain.url, plain.url.replace("ws:", "http:")):
            asked = Redirecting(a=place)
            async with secure(process_request=asked) as server:
                await fails(server.url + "a", "--insecure", "--max-redirects", "5", lines=None)
                equal((asked.paths, seen.paths), (["/a"], []), "requests")


@test("redirections to what is no place for WebSocket")
async def _():
    for place in ("ftp://127.0.0.1/", "ws://", "http://[", "ws+unix:///tmp/a:/b", "file:///etc/passwd"):
        asked = Redirecting(a=place)
        async with peer(echo, process_request=asked) as server:
            await fails(server.url + "a", "--max-redirects", "5", lines=None)
            equal(asked.paths, ["/a"], f"requests for {place}")
    # And one without a place.
    async with peer(echo, process_request=lambda *_: answer(302, "Nowhere")) as server:
        await fails(server.url, "--max-redirects", "5", lines=None, parts=["302"])


@test("redirections through a proxy, and to a server that hangs")
async def _():
    async with tinyproxy() as proxy, peer(echo) as other, peer(echo, process_request=Redirecting(a=other.url)) as server:
        await echoes(server.url + "a", "--max-redirects", "1", "--proxy", f"http://127.0.0.1:{proxy.port}")
        for port in (server.port, other.port):
            check(await proxy.logged(f"CONNECT 127.0.0.1:{port} HTTP/1.1"), f"not in the log: {proxy.log()!r}")
    async with listener(silent) as mute:
        asked = Redirecting(a=f"ws://127.0.0.1:{mute.port}/")
        async with peer(echo, process_request=asked) as server:
            await is_too_late(server.url + "a", "--max-redirects", "1")


# ── servers that break off or talk nonsense ───────────────────────────────────────────────────────────────────────────

@test("breaking: a reset in the middle of a conversation")
async def _():
    async def handler(connection):
        await connection.send("last words")
        await asyncio.sleep(0.3)
        reset(connection.transport)
    async with peer(handler) as server:
        async with Process("connect", server.url, stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal((result.lines, result.status), (["last words"], 1), "output and status")
        equal(len(result.errors.splitlines()), 1, f"lines on standard error, {result.errors!r}")


@test("breaking: a reset or an end at any point before there is a connection")
async def _():
    async def at_once(server, reader, writer):
        pass

    async def reset_at_once(server, reader, writer):
        reset(writer.transport)

    async def reset_after_request(server, reader, writer):
        await server.head(reader)
        reset(writer.transport)

    async def reset_in_head(server, reader, writer):
        await server.head(reader)
        writer.write(SWITCHING)
        await writer.drain()
        await asyncio.sleep(0.1)
        reset(writer.transport)
    async def fails_at_once(url):
        began = time.monotonic()
        await fails(url, "--insecure")
        check(time.monotonic() - began < SLACK, "it waited although the connection was over")
    for handler in (at_once, reset_at_once, reset_after_request, reset_in_head, answering(b""), answering(SWITCHING),
                    answering(b"HTTP/1.1 1")):
        async with listener(handler) as server:
            await fails_at_once(f"ws://127.0.0.1:{server.port}/")
            if handler in (at_once, reset_at_once):
                await fails_at_once(f"wss://127.0.0.1:{server.port}/")
        async with listener(handler, ssl=context(certificates().good)) as server:
            await fails_at_once(f"wss://127.0.0.1:{server.port}/")


@test("breaking: garbage instead of HTTP")
async def _():
    for garbage in (b"220 mail.example ESMTP\r\n\r\n", bytes(range(256)) * 8, b"\0" * 100, b"HTTP/9.9 101 x\r\n\r\n",
                    b"SSH-2.0-OpenSSH_9.2\r\n", b"\r\n\r\n\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n",
                    SWITCHING + b"no colon here\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50000):
        async def handler(server, reader, writer):
            await server.head(reader)
            writer.write(garbage)
            await server.everything(reader)
        async with listener(handler) as server:
            result = await fails(f"ws://127.0.0.1:{server.port}/", "--timeout", "3", lines=None)
            first = result.errors.splitlines()[0]
            check(first.isprintable(), f"control characters in {first!r}")


@test("breaking: a head without end")
async def _():
    async def handler(server, reader, writer):
        await server.head(reader)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n")
        while True:
            writer.write(b"X-Long: " + b"x" * 10000 + b"\r\n")
            await writer.drain()
            await asyncio.sleep(0)
    async with listener(handler) as server:
        began = time.monotonic()
        await fails(f"ws://127.0.0.1:{server.port}/")
        check(time.monotonic() - began < 5, "it went on reading")


@test("breaking: HTTP/1.0")
async def _():
    for status, parts in ((b"101 Switching Protocols", []), (b"403 Forbidden", ["403"]), (b"200 OK", ["200"])):
        head = b"HTTP/1.0 " + status + b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        async with listener(answering(head)) as server:
            await fails(f"ws://127.0.0.1:{server.port}/", lines=None, parts=parts)


@test("breaking: HTTP/1.0 cannot switch, even with the right key")
async def _():
    async def handler(server, reader, writer):
        head = await server.head(reader)
        key = next(line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(version + SWITCHING[8:] + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n\x81\x02hi\x88\x02\x03\xe8")
        await reader.read(100)
    version = b"HTTP/1.1"
    async with listener(handler) as server:
        async with Process("connect", f"ws://127.0.0.1:{server.port}/", stdin=asyncio.subprocess.PIPE) as client:
            result = await client.finished()
        equal((result.lines, result.status), (["hi"], 0), "output and status with HTTP/1.1")
    version = b"HTTP/1.0"
    async with listener(handler) as server:
        await fails(f"ws://127.0.0.1:{server.port}/", lines=None)


@test("breaking: a 101 without or with the wrong key")
async def _():
    for field in (b"", b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"):
        async with listener(answering(SWITCHING + field + b"\r\n")) as server:
            await fails(f"ws://127.0.0.1:{server.port}/", lines=None, parts=["sec-websocket-accept"])


# ── Unix sockets and addresses ────────────────────────────────────────────────────────────────────────────────────────

@asynccontextmanager
async def unix_peer(path, **options):
    found = Peer(echo)
    async with unix_serve(found.handle, path, ping_interval=None, **options):
        yield found


@test("Unix sockets")
async def _():
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/path.sock"
        async with unix_peer(path) as server:
            await echoes(f"ws+unix://{path}:/echo?a=b")
            request = (await server.ends.get()).request
            equal((request.path, request.headers.get_all("Host")), ("/echo?a=b", ["localhost"]), "path and Host")
            await echoes(f"ws+unix://{path}")
            equal((await server.ends.get()).request.path, "/", "path where none is given")
            # No proxy leads to a Unix socket.
            with environment(ALL_PROXY=f"http://127.0.0.1:{free_port()}"):
                await echoes(f"ws+unix://{path}:/echo")
        await fails(f"ws+unix://{folder}/other.sock:/", parts=[f"{folder}/other.sock"])
        async with unix_peer(f"{folder}/tls.sock", ssl=context(certificates().good)):
            await echoes(f"wss+unix://{folder}/tls.sock:/echo", *trusting())


def addresses_of_localhost():
    return {found[4][0] for found in socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)}


@test("addresses: a listener on one of both that localhost has")
async def _():
    known = addresses_of_localhost()
    for host in ("127.0.0.1", "::1"):
        async with listener(answering(b"HTTP/1.1 418 Here\r\nContent-Length: 0\r\n\r\n"), host=host) as server:
            literal = f"[{host}]" if ":" in host else host
            await fails(f"ws://{literal}:{server.port}/", lines=None, parts=["418"])
            # Where localhost has one address only, the other is given for it.
            given = () if host in known else ("--resolve", f"localhost:{server.port}:{host}")
            await fails(f"ws://localhost:{server.port}/", *given, lines=None, parts=["418"])
            contains(server.received, b"Host: localhost:%d\r\n" % server.port, "the last request")


@test("addresses: --resolve")
async def _():
    async with peer(echo) as server:
        place = f"nest.invalid:{server.port}"
        await echoes(f"ws://{place}/", "--resolve", f"{place}:127.0.0.1")
        equal((await server.ends.get()).request.headers["Host"], place, "Host")
        # Of another port or name, it does not count; names are the same in capitals.
        await fails(f"ws://{place}/", "--resolve", f"nest.invalid:{server.port + 1}:127.0.0.1")
        await fails(f"ws://{place}/", "--resolve", f"other.invalid:{server.port}:127.0.0.1")
        await echoes(f"ws://NEST.invalid:{server.port}/", "--resolve", f"Nest.Invalid:{server.port}:127.0.0.1")
        await echoes(f"ws://{place}/", "--resolve", "a.invalid:1:127.0.0.9", "--resolve", f"{place}:127.0.0.1")
    seen = []
    named = context(certificates().good)
    named.sni_callback = lambda _, name, __: seen.append(name)
    async with peer(echo, ssl=named) as server:
        place = f"nest.invalid:{server.port}"
        await echoes(f"wss://{place}/", *trusting(), "--resolve", f"{place}:127.0.0.1")
        equal(seen, ["nest.invalid"], "name that TLS asks for")
        other = f"other.invalid:{server.port}"
        await fails(f"wss://{other}/", *trusting(), "--resolve", f"{other}:127.0.0.1", parts=["tls", "other.invalid"])
    async with listener(answering(b"HTTP/1.1 418 Here\r\nContent-Length: 0\r\n\r\n"), host="::1") as server:
        for address in ("::1", "[::1]"):
            await fails(f"ws://nest.invalid:{server.port}/", "--resolve", f"nest.invalid:{server.port}:{address}",
                        lines=None, parts=["418"])


# ── HTTP/2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────

@test("HTTP/2: with a server that has it, chosen or not")
async def _():
    async with Server(*identified()) as server:
        for options in ((), ("--http2",), ("--http1",)):
            await echoes(f"{server.ws}/echo", *trusting(), *options)
            await echoes(f"{server.ws}/echo", *trusting(), *options, lines=["0123456789abcdef" * (1 << 15)])
    async with Server() as server:
        await echoes(f"{server.ws}/echo", "--http2")


@test("HTTP/2: through proxies")
async def _():
    async with Server(*identified()) as server, tinyproxy() as proxy, danted() as socks:
        for address in (f"http://127.0.0.1:{proxy.port}", f"socks5://127.0.0.1:{socks.port}"):
            for options in ((), ("--http2",)):
                await echoes(f"{server.ws}/echo", *trusting(), "--proxy", address, *options)


@test("HTTP/2: haproxy with extended CONNECT")
async def _():
    async with peer(echo) as server, haproxy(certificates().both, server.port) as front:
        url = f"wss://127.0.0.1:{front.port}/some/path?a=b"
        for options, version in (((), "HTTP/2.0"), (("--http2",), "HTTP/2.0"), (("--http1",), "HTTP/1.1")):
            before = front.log().count(version)
            await echoes(url, *trusting(), *options)
            equal((await server.ends.get()).request.path, "/some/path?a=b", "path")
            for _ in range(30):
                if front.log().count(version) > before:
                    break
                await asyncio.sleep(0.1)
            check(front.log().count(version) > before, f"no request of {version} in the log: {front.log()!r}")


@test("HTTP/2: haproxy and nginx without extended CONNECT")
async def _():
    fronts = {
        "haproxy": lambda port: haproxy(certificates().both, port, settings="h2-workaround-bogus-websocket-clients"),
        "nginx": lambda port: nginx(*certificates().good, port),
    }
    for name, front in fronts.items():
        async with peer(echo) as server, front(server.port) as proxy:
            url = f"wss://127.0.0.1:{proxy.port}/path"
            await echoes(url, *trusting())
            equal((await server.ends.get()).request.path, "/path", "path")
            check(await proxy.logged("HTTP/1.1 GET 101"), f"{name} has another log: {proxy.log()!r}")
            await echoes(url, *trusting(), "--http1")
            await fails(url, "--insecure", "--http2", parts=["HTTP/2"])


@test("HTTP/2: where the server does not speak it, --http2 says so")
async def _():
    for alpn in ((), ("http/1.1",)):
        async with secure(alpn=alpn) as server:
            await fails(server.url, "--insecure", "--http2", parts=["HTTP/2"])
            check(server.ends.empty(), "there was a connection")
    async with peer(echo) as server:
        await fails(server.url, "--http2", "--timeout", "3", lines=None)


@test("HTTP/2: a refusal is shown")
async def _():
    def refuse(connection, request):
        return answer(403, "Forbidden", ("X-Why", "moulting"), body=b"Not today.")
    async with peer(echo, process_request=refuse) as server, haproxy(certificates().both, server.port) as front:
        for options in ((), ("--http2",), ("--http1",)):
            await fails(f"wss://127.0.0.1:{front.port}/", "--insecure", *options, lines=None,
                        parts=["403", "x-why", "moulting", "not today."])


@test("HTTP/2: redirections")
async def _():
    asked = Redirecting(a="/b")
    async with peer(echo, process_request=asked) as server, haproxy(certificates().both, server.port) as front:
        for options in ((), ("--http2",)):
            asked.requests.clear()
            await echoes(f"wss://127.0.0.1:{front.port}/a", *trusting(), "--max-redirects", "1", *options)
            equal(asked.paths, ["/a", "/b"], "requests")


if __name__ == "__main__":
    forget_proxies()
    main()
