"""The server under attack: talking to it, and what it takes."""

import re
import ssl
from pathlib import Path

from frames import TEXT, frame
from harness import check, equal
from http1 import plain, request
from server_play import check_switching

DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


def opened(server, target="/echo", extra=(), **options):
    """A WebSocket connection; with options of the wire."""
    wire = server.connect(**options)
    wire.send(server.fill_in(request(target, extra=extra)))
    answer = wire.response()
    equal(answer.status, 101, "status")
    if not extra:
        check_switching(answer)
    return wire


def refused(server, data, status, **options):
    """The status of the answer to these bytes."""
    with server.connect(**options) as wire:
        wire.send(server.fill_in(data))
        equal(wire.response().status, status, "status")


def secured(server, **options):
    """A connection through TLS, whoever the server is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    wire = server.connect(**options)
    wire.socket = context.wrap_socket(wire.socket)
    return wire


def health(server):
    with secured(server) if server.scheme == "https" else server.connect() as wire:
        wire.send(server.fill_in(plain()))
        equal(wire.response().body, b"ok\n", "/healthz")


def echoes(wire, text="still here"):
    wire.send(frame(TEXT, text))
    equal(wire.frame().payload, text.encode(), "echo")


def kibibytes(server, name):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", status)[1])


class Memory:
    """How far the peak of resident memory moved while something was done; at most so many MiB."""

    def __init__(self, server, limit):
        self.server, self.limit = server, limit

    def __enter__(self):
        self.before = kibibytes(self.server, "VmRSS")

    def __exit__(self, kind, *_):
        if kind is None:
            moved = (kibibytes(self.server, "VmHWM") - self.before) / 1024
            print(f"     {moved:.1f} MiB of {self.limit}", flush=True)
            check(moved < self.limit, f"memory grew by {moved:.1f} MiB, more than {self.limit}")


def cpu_seconds(server):
    """User and system time of the server so far."""
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
