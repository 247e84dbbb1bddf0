"""Debian's nginx in front of the server, once as it is by default, which is in the way of WebSocket, and once set up for it."""

import asyncio
import shutil
import socket
import tempfile
from pathlib import Path

from harness import DEADLINE, Failure

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{blocked}; location / {{ proxy_pass http://127.0.0.1:{server}; proxy_set_header Host $http_host; }} }}
  server {{ listen 127.0.0.1:{open}; location / {{
    proxy_pass http://127.0.0.1:{server}; proxy_http_version 1.1; proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }} }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    def __init__(self, server):
        self.server = server

    async def __aenter__(self):
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if program is None:
            raise Failure("nginx is missing: install the Debian package nginx-light")
        self.folder = tempfile.TemporaryDirectory(prefix="martlet-nginx-")
        self.blocked, self.open = free_port(), free_port()
        file = Path(self.folder.name, "nginx.conf")
        file.write_text(CONFIGURATION.format(folder=self.folder.name, server=self.server.port, blocked=self.blocked, open=self.open))
        self.process = await asyncio.create_subprocess_exec(program, "-c", str(file), "-p", self.folder.name, "-e", f"{self.folder.name}/error.log")
        for port in (self.blocked, self.open):
            await self.answers(port)
        return self

    async def answers(self, port):
        for _ in range(DEADLINE * 20):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                return writer.close()
            except OSError:
                await asyncio.sleep(0.05)
        raise Failure("nginx did not start: " + Path(self.folder.name, "error.log").read_text())

    async def __aexit__(self, *_):
        self.process.terminate()
        await self.process.wait()
        self.folder.cleanup()
