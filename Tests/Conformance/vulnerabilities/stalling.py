"""Class 8: ten thousand peers that do not read, and one that sends to all of them."""

import resource
import socket
import time

from frames import CLOSE, TEXT, close_body, frame
from harness import check, equal
from http1 import request
from victim import Memory, echoes, opened

def stalled(server):
    """A member of the chat with the smallest receive buffer, who never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(server.fill_in(request("/chat")))
    return connection


def broadcast_past(server, count, text, number):
    """Broadcasts to so many who don't read; one who reads gets everything."""
    needed = count + 500
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    check(hard == resource.RLIM_INFINITY or hard >= needed, f"the system allows {hard} open files, {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(needed, resource.getrlimit(resource.RLIMIT_NOFILE)[0]), hard))
    readers = [stalled(server) for _ in range(count)]
    start = time.monotonic()
    with opened(server, "/chat", deadline=240) as speaker:
        for _ in range(number):
            speaker.send(frame(TEXT, text))
            equal(speaker.frame().payload, text.encode(), "broadcast")
        print(f"     {number} broadcasts of {len(text)} bytes to {count} in {time.monotonic() - start:.1f} s", flush=True)
        speaker.send(frame(CLOSE, close_body(1000)))
        speaker.close_frame(1000, b"")
    with opened(server) as wire:
        echoes(wire)
    for reader in readers:
        reader.close()


def class_08_stalled_readers(server):
    # Each may hold its high mark of 64 KiB; what is broadcast is shared, and the kernel's buffers come first.
    with Memory(server, 512):
        broadcast_past(server, 10_000, "news " * 1600, 400)


def class_08_stalled_readers_of_short_messages(server):
    # Short ones are copied: 64 KiB for each, and as much again before it counts as congested.
    with Memory(server, 384):
        broadcast_past(server, 2_000, "tick " * 20, 1500)
