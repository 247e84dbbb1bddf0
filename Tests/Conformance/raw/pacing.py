"""Sending so that the other side sees the bytes in small pieces.

TCP_NODELAY gives each piece a segment of its own, but a receiver that is slow to wake reads several at once. Where the
kernel can be asked (Linux, sock_diag) the next piece is sent once the receiver has taken the last one out of its socket.
"""

import socket
import struct
import time

# A piece that nobody reads is not waited for longer than this: the receiver may pause on purpose.
PATIENCE = 1.0


class ReceiveQueue:
    """The number of bytes that the other end of a connection on this machine has not read."""

    def __init__(self, connection):
        self.netlink = None
        if not hasattr(socket, "AF_NETLINK"):
            return
        here, there = connection.getsockname(), connection.getpeername()
        identity = struct.pack("!HH", there[1], here[1])
        identity += socket.inet_aton(there[0]).ljust(16, b"\0") + socket.inet_aton(here[0]).ljust(16, b"\0")
        identity += struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
        request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + identity
        self.request = struct.pack("=IHHII", 16 + len(request), 20, 1, 0, 0) + request
        try:
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
            self.netlink.settimeout(PATIENCE)
        except OSError:
            self.netlink = None

    def size(self):
        """None if it can't be told, or the other socket is gone."""
        if self.netlink is None:
            return None
        try:
            self.netlink.send(self.request)
            answer = self.netlink.recv(4096)
        except OSError:
            return None
        if struct.unpack_from("=IH", answer)[1] != 20:
            return None
        return struct.unpack_from("=I", answer, 16 + 4 + 48 + 4)[0]

    def drained(self):
        """Waits until the other end has read everything, or PATIENCE is over."""
        end = time.monotonic() + PATIENCE
        while self.size() and time.monotonic() < end:
            pass

    def close(self):
        if self.netlink is not None:
            self.netlink.close()


def pieces(data, single=1024, middle=1009):
    """Single bytes; of what is long, `single` bytes at both ends are single and the rest comes in odd pieces."""
    if len(data) <= 2 * single:
        return [data[index:index + 1] for index in range(len(data))]
    ends = len(data) - single
    return ([data[index:index + 1] for index in range(single)]
            + [data[index:min(index + middle, ends)] for index in range(single, ends, middle)]
            + [data[index:index + 1] for index in range(ends, len(data))])


def send_in_pieces(connection, parts):
    queue = ReceiveQueue(connection)
    try:
        for part in parts:
            connection.sendall(part)
            queue.drained()
    finally:
        queue.close()
