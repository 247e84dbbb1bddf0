"""Class 8: ten thousand peers that do not read, and one that sends to all of them."""

import resource
import select
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
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    check(head.startswith(b"HTTP/1.1 101 "), f"not let in: {head!r}")
    return connection


def count_ended(readers, seconds):
    """How many of them the server has given up: they find an end behind what was on its way."""
    poll, left, ended = select.poll(), {}, 0
    for reader in readers:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        reader.setblocking(False)
        left[reader.fileno()] = reader
        poll.register(reader, select.POLLIN)
    until = time.monotonic() + seconds
    while left and time.monotonic() < until:
        for descriptor, _ in poll.poll(1000):
            try:
                is_open = bool(left[descriptor].recv(1 << 20))
            except BlockingIOError:
                continue
            except ConnectionResetError:
                is_open = False
            if not is_open:
                poll.unregister(left.pop(descriptor))
                ended += 1
    return ended


def broadcast_past(server, count, text, number):
    """Broadcasts to so many who don't read; one who reads gets everything. How many of them the server gave up."""
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
    ended = count_ended(readers, 60)
    print(f"     {ended} of {count} were given up", flush=True)
    for reader in readers:
        reader.close()
    return ended


def class_08_stalled_readers(server):
    # Each may hold its high mark of 64 KiB; what is broadcast is shared, and the kernel's buffers come first.
    with Memory(server, 512):
        equal(broadcast_past(server, 10_000, "news " * 1600, 400), 10_000, "readers that were given up")


def class_08_stalled_readers_of_short_messages(server):
    # Short ones are copied: 64 KiB for each, and as much again before it counts as congested.
    with Memory(server, 384):
        broadcast_past(server, 2_000, "tick " * 20, 1500)
