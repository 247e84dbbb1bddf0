"""What the scenarios stand on: the server under test, a way to it that can be cut, and commands over HTTP."""

import asyncio
import os
import re
import signal
from pathlib import Path

import socketio
from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
MARTLET = os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet"))
DEADLINE = 20


class Failure(Exception):
    """Something is not as it must be."""


class Server:
    """`martlet serve`, which can be started again on the same port."""

    def __init__(self, *options):
        self.options = options
        self.port = 0

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            MARTLET, "serve", "--port", str(self.port), *self.options,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE)
        line = (await asyncio.wait_for(self.process.stdout.readline(), DEADLINE)).decode()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        if not found:
            raise Failure(f"martlet serve said {line!r}")
        self.port = int(found[1])
        self.reading = asyncio.create_task(self.process.stdout.read())
        return self

    async def stop(self, how=signal.SIGTERM):
        if self.process.returncode is None:
            self.process.send_signal(how)
            try:
                await asyncio.wait_for(self.process.wait(), DEADLINE)
            except TimeoutError:
                self.process.kill()
                raise Failure("martlet serve did not end")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *_):
        await self.stop()


class Forwarder:
    """A way to the server that can be cut: what is on it is lost, and nobody gets through until it is mended."""

    def __init__(self, server):
        self.server = server
        self.writers = set()
        self.is_cut = False

    async def __aenter__(self):
        self.listener = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = self.listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        self.is_cut = True
        for writer in self.writers:
            writer.transport.abort()

    def mend(self):
        self.is_cut = False

    async def accept(self, reader, writer):
        if self.is_cut:
            return writer.transport.abort()
        try:
            there = await asyncio.open_connection("127.0.0.1", self.server.port)
        except OSError:
            return writer.transport.abort()
        self.writers |= {writer, there[1]}
        await asyncio.gather(self.copy(reader, there[1]), self.copy(there[0], writer))
        self.writers -= {writer, there[1]}

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()


class Control:
    """A page of another origin with the client's bundle, and commands for scenarios."""

    def __init__(self, server, forwarder, bundle):
        self.server = server
        self.forwarder = forwarder
        self.bundle = bundle
        self.speaker = None
        self.turn = asyncio.Lock()

    async def __aenter__(self):
        app = web.Application(middlewares=[any_origin])
        app.router.add_get("/", lambda _: web.Response(text=PAGE, content_type="text/html"))
        app.router.add_get("/socket.io.js", lambda _: web.Response(text=self.bundle, content_type="text/javascript"))
        app.router.add_get("/scenarios.js", lambda _: web.FileResponse(Path(__file__).with_name("scenarios.js")))
        app.router.add_post("/{command}", self.command)
        self.runner = web.AppRunner(app, shutdown_timeout=1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        if self.speaker:
            await self.speaker.disconnect()
        await self.runner.cleanup()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    async def command(self, request):
        command, query = request.match_info["command"], request.query
        match command:
            case "restart":
                await self.server.stop()
                await self.server.start()
            case "cut":
                self.forwarder.cut()
            case "mend":
                self.forwarder.mend()
            case "say" | "volatile":
                async with self.turn:
                    await self.say(command, query["room"], int(query["from"]), int(query["count"]), int(query.get("pause", 0)) / 1000)
            case _:
                return web.Response(status=404, text="no such command")
        return web.Response(text="ok")

    async def say(self, kind, room, first, count, pause=0):
        """Another client, which nobody cuts off, says something in a room; it is said when this returns."""
        if self.speaker is None or not self.speaker.connected:
            self.speaker = socketio.AsyncClient()
            await self.speaker.connect(self.server.url, namespaces=["/chat"], transports=["websocket"])
        for number in range(first, first + count):
            await self.speaker.emit("message" if kind == "say" else "volatile", (number, room), namespace="/chat")
            await asyncio.sleep(pause)
        await self.speaker.call("join", "nothing", namespace="/chat", timeout=DEADLINE)


PAGE = """<!doctype html><meta charset="utf-8"><title>Socket.IO</title><link rel="icon" href="data:,">
<script src="socket.io.js"></script><script src="scenarios.js"></script>"""


@web.middleware
async def any_origin(request, handler):
    response = await handler(request)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response
