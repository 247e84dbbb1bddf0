"""Our own client, as `martlet connect --socket.io`, against python-socketio's server, behind a proxy, and cut off."""

import asyncio
from contextlib import asynccontextmanager

import socketio
from aiohttp import web

from harness import DEADLINE, MARTLET, Failure
from python_client import equal, until


async def talk(url, lines, *options):
    """What the command prints; its standard error goes into the failure."""
    process = await asyncio.create_subprocess_exec(
        MARTLET, "connect", "--socket.io", url, *options, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(DEADLINE):
            out, error = await process.communicate("".join(line + "\n" for line in lines).encode())
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode != 0:
        raise Failure(f"status {process.returncode}: {error.decode()} {out.decode()}")
    return out.decode().splitlines()


@asynccontextmanager
async def serving(server):
    """The URL of python-socketio's server while it runs."""
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()


async def against_python(transport):
    server = socketio.AsyncServer(async_mode="aiohttp")

    @server.on("connect", namespace="/chat")
    async def connect(sid, _, auth):
        if auth != {"token": "t"}:
            raise socketio.exceptions.ConnectionRefusedError("who are you")
        # Behind the answer to CONNECT, which this server sends when the handler returns.
        server.start_background_task(server.emit, "hello", ("\u00e9", [1, None]), to=sid, namespace="/chat")

    @server.on("message", namespace="/chat")
    async def message(sid, *values):
        await server.emit("back", values, to=sid, namespace="/chat")
        return values

    async with serving(server) as url:
        options = ["--namespace", "/chat", "--transport", transport, "--json", "--ack", "--wait", "0.3"]
        lines = await talk(url, ['["a",{"b":[true]}]', "5"], *options, "--auth", '{"token":"t"}')
        equal(sorted(lines), sorted(['hello "\u00e9" [1,null]', 'back "a" {"b":[true]}', 'ack "a" {"b":[true]}', "back 5", "ack 5"]), "output")
        try:
            await talk(url, ["x"], "--namespace", "/chat", "--transport", transport)
            raise Failure("refused, but the status is 0")
        except Failure as failure:
            if "status 2" not in str(failure) or "who are you" not in str(failure):
                raise


async def many_to_python(transport):
    """Of a POST with more than 16 packets that server takes none, and says that all is well."""
    server = socketio.AsyncServer(async_mode="aiohttp")
    taken = []
    server.on("message", lambda _, number: taken.append(number))
    async with serving(server) as url:
        numbers = list(range(100))
        await talk(url, [str(number) for number in numbers], "--transport", transport, "--json", "--wait", "0")
        await until("100 events", lambda: len(taken) >= 100)
        equal(taken, numbers, "events")


async def behind_proxy(port):
    lines = await talk(f"http://127.0.0.1:{port}", [str(number) for number in range(50)], "--namespace", "/echo", "--wait", "0.5")
    equal(lines, [f'message-back "{number}"' for number in range(50)], "output")


async def cut_off(forwarder, control, transport):
    """Told to come back, it does, and what was said meanwhile is there: the server recovers the connection."""
    room = f"cut-{transport}"
    process = await asyncio.create_subprocess_exec(
        MARTLET, "connect", "--socket.io", f"http://127.0.0.1:{forwarder.port}", "--namespace", "/chat", "--transport", transport,
        "--event", "join", "--ack", "--reconnect", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(DEADLINE):
            process.stdin.write(f"{room}\n".encode())
            while not (await process.stdout.readline()).startswith(b"ack "):
                pass
            await control.say("say", room, 0, 3)
            heard = await numbers(process, 3)
            forwarder.cut()
            await control.say("say", room, 3, 5)
            forwarder.mend()
            await control.say("say", room, 8, 2)
            heard += await numbers(process, 7)
            equal(heard, list(range(10)), "events")
            process.stdin.close()
            await process.wait()
    finally:
        forwarder.mend()
        if process.returncode is None:
            process.kill()
    equal(process.returncode, 0, "status")


async def numbers(process, count):
    found = []
    while len(found) < count:
        line = (await process.stdout.readline()).decode()
        if not line:
            raise Failure(f"the client ended: {(await process.stderr.read()).decode()}")
        words = line.split()
        if words[0] == "message":
            found.append(int(words[1]))
    return found
