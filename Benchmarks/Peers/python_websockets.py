"""Echo server on python websockets (asyncio). Usage: python_websockets.py PORT [deflate]"""

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


async def main(port: int, compression: str | None) -> None:
    async with serve(echo, "127.0.0.1", port, compression=compression, max_size=16 << 20) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
