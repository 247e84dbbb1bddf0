"""A server of Python's websockets for `martlet` to talk to."""

import asyncio
from contextlib import asynccontextmanager

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


class Peer:
    """A server of the other kind, and what it saw."""

    def __init__(self, handler):
        self.handler = handler
        self.ends = asyncio.Queue()

    async def handle(self, connection):
        try:
            await self.handler(connection)
            await connection.wait_closed()
        except ConnectionClosed:
            pass
        self.ends.put_nowait(connection)


@asynccontextmanager
async def peer(handler, host="127.0.0.1", **options):
    found = Peer(handler)
    scheme = "wss" if options.get("ssl") else "ws"
    async with serve(found.handle, host, 0, **{"ping_interval": None, **options}) as server:
        found.port = server.sockets[0].getsockname()[1]
        found.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{found.port}/"
        yield found


async def echo(connection):
    async for message in connection:
        await connection.send(message)
