"""Socket.IO on python-socketio and aiohttp. `message` is broadcast, `echo` comes back. Usage: python_socketio.py PORT"""

import sys

import socketio
from aiohttp import web

server = socketio.AsyncServer(async_mode="aiohttp", ping_interval=25, ping_timeout=20)


@server.on("message")
async def message(_, data):
    await server.emit("message", data)


@server.on("echo")
async def echo(sid, data):
    await server.emit("echo", data, to=sid)


app = web.Application()
server.attach(app)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, backlog=4096)
