"""A WebSocket client of a few lines, which checks all that it gets."""

import asyncio
import socket
import struct
import zlib

from frames import CLOSE, PING, PONG, TEXT, close_body, frame
from http1 import request

TAIL = b"\x00\x00\xff\xff"


class Lost(Exception):
    """Something did not come back as it was sent, or not at all."""


class Peer:
    """One connection. With `deflates` it compresses with contexts taken over, as browsers do."""

    def __init__(self, reader, writer, deflates):
        self.reader, self.writer = reader, writer
        self.answers_pings = True
        self.compressor = zlib.compressobj(1, zlib.DEFLATED, -12) if deflates else None
        self.decompressor = zlib.decompressobj(-12) if deflates else None

    @classmethod
    async def open(cls, port, path="/echo", deflates=False):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        extra = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"] if deflates else []
        writer.write(request(path, host=f"127.0.0.1:{port}", extra=extra))
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 ") or (b"max_window_bits=12; client_max_window_bits=12" in head) != deflates:
            raise Lost(f"handshake: {head!r}")
        return cls(reader, writer, deflates)

    @property
    def socket(self):
        return self.writer.get_extra_info("socket")

    async def send(self, text):
        payload = text.encode()
        if self.compressor:
            payload = (self.compressor.compress(payload) + self.compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        self.writer.write(frame(TEXT, payload, rsv=4 if self.compressor else 0))
        await self.writer.drain()

    async def frame(self):
        """The next frame, as opcode, reserved bits and payload. Pings are answered and passed over."""
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = struct.unpack("!H", await self.reader.readexactly(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", await self.reader.readexactly(8))[0]
            payload = await self.reader.readexactly(length)
            if first & 0x0F != PING:
                return first & 0x0F, first >> 4 & 7, payload
            if self.answers_pings:
                self.writer.write(frame(PONG, payload))

    async def receive(self):
        opcode, reserved, payload = await self.frame()
        if opcode != TEXT:
            raise Lost(f"opcode {opcode} with {payload[:60]!r} instead of a message")
        if reserved:
            payload = self.decompressor.decompress(payload + TAIL)
        return payload.decode()

    async def echo(self, text):
        await self.send(text)
        found = await self.receive()
        if found != text:
            raise Lost(f"{found[:60]!r} instead of {text[:60]!r}")

    async def close(self):
        """The closing handshake, to the end of the stream; what was on its way is passed over."""
        self.writer.write(frame(CLOSE, close_body(1000)))
        while True:
            opcode, _, payload = await self.frame()
            if opcode == CLOSE:
                break
        if payload[:2] != b"\x03\xe8":
            raise Lost(f"closed with {payload!r}")
        if await self.reader.read():
            raise Lost("bytes after Close")
        self.drop()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def drop(self):
        self.writer.close()
