"""Throws bytes at a server and judges what comes back: HTTP responses, then correct frames, then an end."""

import asyncio
import re
from contextlib import suppress

from frames import CLOSE, Violation, read_frame

# For one connection, most of all for the largest inputs on a busy machine.
DEADLINE = 60.0


class Judgement(Exception):
    """The server answered in a way it must not, or not in time."""


class Cut(Exception):
    """The answer ends in the middle: allowed, the server may have dropped us."""


async def throw(port, parts, hangs_up):
    """Sends the parts, then hangs up or says that nothing more comes, and judges the answer."""
    try:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            receiving = asyncio.create_task(receive(reader))
            try:
                with suppress(ConnectionError):
                    for part in parts:
                        writer.write(part)
                        await writer.drain()
                    if hangs_up:
                        writer.transport.abort()
                    else:
                        writer.write_eof()
                judge(await receiving)
            finally:
                receiving.cancel()
                writer.transport.abort()
    except TimeoutError:
        raise Judgement(f"the connection was still open after {DEADLINE} s") from None


async def receive(reader):
    data = bytearray()
    with suppress(ConnectionError):
        while part := await reader.read(1 << 18):
            data += part
    return bytes(data)


def judge(data):
    position = 0

    def read(count):
        nonlocal position
        if position + count > len(data):
            raise Cut
        position += count
        return data[position - count:position]

    with suppress(Cut):
        while position < len(data):
            end = data.find(b"\r\n\r\n", position)
            if end < 0:
                if not data[position:].startswith(b"HTTP/1.1 "[:len(data) - position]):
                    raise Judgement(f"neither HTTP nor an end: {data[position:position + 60]!r}")
                raise Cut
            head = read(end + 4 - position)
            found = re.match(rb"HTTP/1\.1 (\d{3}) [\x20-\x7e]*\r\n", head)
            if not found:
                raise Judgement(f"not a response: {head[:60]!r}")
            status = int(found[1])
            if status == 101:
                return judge_frames(read, lambda: position == len(data))
            if status >= 500 and status not in (501, 503, 505):
                raise Judgement(f"the server's own failure: {head[:60]!r}")
            if status >= 200:
                length = re.search(rb"\r\n[Cc]ontent-[Ll]ength: (\d+)\r\n", head)
                if not length:
                    raise Judgement(f"a response without Content-Length: {head[:200]!r}")
                read(int(length[1]))


def judge_frames(read, is_at_end):
    try:
        while not is_at_end():
            if read_frame(read, masked=False).opcode == CLOSE and not is_at_end():
                raise Judgement("bytes behind the server's close")
    except Violation as violation:
        raise Judgement(f"the server sent what is no frame: {violation}") from None
