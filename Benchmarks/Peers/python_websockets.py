"""Echo server on python websockets (asyncio, compression off). Usage: python_websockets.py PORT"""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def echo(connection: ServerConnection) -> None:
    try:
        async for message in connection:
            await connection.send(message)
    except ConnectionClosed:
        pass


async def main(port: int) -> None:
    async with serve(echo, "127.0.0.1", port, compression=None, max_size=16 << 20) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
