"""Echo server on python websockets (asyncio). Usage: python_websockets.py PORT [deflate | tls CERTIFICATE KEY]"""

import asyncio
import ssl
import sys

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def echo(connection: ServerConnection) -> None:
    try:
        async for message in connection:
            await connection.send(message)
    except ConnectionClosed:
        pass


async def main(port: int, option: str | None = None, *pair: str) -> None:
    context = None
    if option == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
    compression = "deflate" if option == "deflate" else None
    async with serve(echo, "127.0.0.1", port, ssl=context, compression=compression, max_size=16 << 20) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
