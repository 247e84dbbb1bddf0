"""Class 7: peers that take their time, in every phase of a connection."""

import ssl
import time
from concurrent.futures import ThreadPoolExecutor

from frames import BINARY, CLOSE, close_body, frame
from harness import check, equal
from http1 import plain, request
from victim import echoes, opened, secured

# The server's own deadline for a handshake, with time for a busy machine.
HANDSHAKE = (9, 20)


def ends_between(wire, bounds, drip=b"", every=0.5):
    """The server closes within these seconds, though a byte comes now and then. What it said."""
    start = time.monotonic()
    wire.socket.settimeout(every)
    said = b""
    rest = drip
    while time.monotonic() - start < bounds[1]:
        try:
            data = wire.socket.recv(65536)
            if not data:
                break
            said += data
        except TimeoutError:
            try:
                wire.socket.send(rest[:1])
            except OSError:
                break
            rest = rest[1:]
        except ConnectionResetError:
            break
    took = time.monotonic() - start
    check(bounds[0] <= took < bounds[1], f"closed after {took:.1f} s")
    return said


def class_07_slow_loris_silent(server):
    with server.connect(deadline=60) as wire:
        ends_between(wire, HANDSHAKE)


def class_07_slow_loris_head(server):
    with server.connect(deadline=60) as wire:
        ends_between(wire, HANDSHAKE, drip=server.fill_in(request()))


def hello():
    """The first flight of a client of TLS."""
    sent = ssl.MemoryBIO()
    engine = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    try:
        engine.do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()


def class_07_slow_loris_tls(server):
    """Silent before the handshake of TLS, slow in it, silent behind it."""
    def silent():
        with server.connect(deadline=60) as wire:
            ends_between(wire, HANDSHAKE)

    def slow():
        with server.connect(deadline=60) as wire:
            first = hello()
            wire.send(first[:5])
            ends_between(wire, HANDSHAKE, drip=first[5:])

    def done():
        with secured(server, deadline=60) as wire:
            ends_between(wire, HANDSHAKE)

    with ThreadPoolExecutor() as pool:
        for attempt in [pool.submit(part) for part in (silent, slow, done)]:
            attempt.result()


class_07_slow_loris_tls.options = ("--tls-self-signed",)


def class_07_slow_loris_body(server):
    with server.connect(deadline=60) as wire:
        wire.send(server.fill_in(plain(method="POST", extra=["Content-Length: 1000"])))
        said = ends_between(wire, HANDSHAKE, drip=b"x" * 1000)
        check(said.startswith(b"HTTP/1.1 408 "), f"it said {said[:60]!r}")


def class_07_slow_loris_never_close(server):
    with opened(server, deadline=60) as wire:
        # A violation: the server says Close and waits for the end of the transport.
        wire.send(frame(3))
        wire.close_frame(1002)
        ends_between(wire, (0, 15), drip=b"x" * 100)


def class_07_slow_loris_others_go_on(server):
    """A thousand connections stop in the middle of handshake and frame; everybody else is served meanwhile."""
    wires = []
    for number in range(1000):
        if number % 2:
            wire = server.connect(deadline=60)
            wire.send(server.fill_in(request())[:50])
        else:
            wire = opened(server, deadline=60)
            wire.send(frame(BINARY, bytes(1000))[:500])
        wires.append(wire)
    start = time.monotonic()
    with opened(server) as wire:
        for _ in range(100):
            echoes(wire)
        wire.send(frame(CLOSE, close_body(1000)))
        wire.close_frame(1000, b"")
    check(time.monotonic() - start < 5, "others had to wait")
    for wire in wires:
        wire.socket.close()
