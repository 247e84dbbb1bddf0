"""`martlet connect --socket.io` behind proxies: what polls and what is a WebSocket goes the same way."""

from harness import Server, check, contains, equal, martlet, test

from peers import danted, environment, free_port, tinyproxy

TRANSPORTS = ("upgrade", "polling", "websocket")
LINES = [f"line {number}" for number in range(20)]


async def talks(url, *options):
    """Every line comes back as an event, and the conversation ends well."""
    result = await martlet("connect", "--socket.io", url, "--namespace", "/echo", "--wait", "0.5", *options,
                           stdin="".join(f"{line}\n" for line in LINES))
    equal((result.lines, result.errors, result.status), ([f'message-back "{line}"' for line in LINES], "", 0),
          f"output, errors and status of {url} with {options}")


async def is_refused(url, *options, parts):
    result = await martlet("connect", "--socket.io", url, *options, stdin="hello")
    equal((result.output, result.status), ("", 2), f"output and status, with {result.errors!r}")
    equal(len(result.errors.splitlines()), 1, f"lines on standard error, {result.errors!r}")
    for part in parts:
        contains(result.errors, part, "standard error")


@test("Socket.IO: tinyproxy, on each transport, with and without TLS")
async def _():
    for server_options, options in (((), ()), (("--tls-self-signed",), ("--insecure",))):
        async with Server(*server_options) as server:
            for transport in TRANSPORTS:
                async with tinyproxy("BasicAuth bird feather7") as proxy:
                    await talks(server.http, "--transport", transport, "--proxy", f"http://bird:feather7@127.0.0.1:{proxy.port}", *options)
                    check(await proxy.logged(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"), f"not in the log: {proxy.log()!r}")


@test("Socket.IO: danted, on each transport")
async def _():
    async with Server() as server:
        for transport in TRANSPORTS:
            async with danted() as proxy:
                await talks(server.http, "--transport", transport, "--proxy", f"socks5://127.0.0.1:{proxy.port}")
                check(await proxy.logged(f"127.0.0.1.{server.port}"), f"not in the log: {proxy.log()!r}")


@test("Socket.IO: the proxy of the environment, and what it is not for")
async def _():
    async with Server() as server, tinyproxy() as proxy:
        for transport in TRANSPORTS:
            with environment(HTTP_PROXY=f"http://127.0.0.1:{free_port()}"):
                await talks(server.http, "--transport", transport, "--no-proxy")
                with environment(NO_PROXY=f"127.0.0.1:{server.port}"):
                    await talks(server.http, "--transport", transport)
                await talks(server.http, "--transport", transport, "--proxy", f"http://127.0.0.1:{proxy.port}")
        connections = proxy.log().count("CONNECT ")
        for transport in TRANSPORTS:
            with environment(ALL_PROXY=f"http://127.0.0.1:{proxy.port}"):
                await talks(server.http, "--transport", transport)
            check(proxy.log().count("CONNECT ") > connections, f"it went past the proxy: {transport}")
            connections = proxy.log().count("CONNECT ")


@test("Socket.IO: a proxy that is not there, refuses, or is of no use for polling is named, and not gone past")
async def _():
    async with Server() as server:
        for transport in TRANSPORTS:
            port = free_port()
            for scheme in ("http", "socks5"):
                await is_refused(server.http, "--transport", transport, "--proxy", f"{scheme}://127.0.0.1:{port}",
                                 parts=["proxy", f"127.0.0.1:{port}"])
        for transport in ("upgrade", "polling"):
            async with tinyproxy("ConnectPort 443") as proxy:
                await is_refused(server.http, "--transport", transport, "--proxy", f"http://127.0.0.1:{proxy.port}",
                                 parts=["proxy", f"127.0.0.1:{proxy.port}"])
            for of_no_use in ("https://127.0.0.1:1", "socks5://u:p@127.0.0.1:1"):
                await is_refused(server.http, "--transport", transport, "--proxy", of_no_use, parts=["polling", "127.0.0.1:1"])
