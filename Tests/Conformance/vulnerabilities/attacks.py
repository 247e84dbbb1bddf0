"""Classes in which bytes do the harm."""

import random
import string
import struct
import zlib

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body, frame
from harness import check, equal
from http1 import plain, request
from victim import DEFLATE, Memory, cpu_seconds, echoes, opened, refused


def deflated(data):
    engine = zlib.compressobj(9, zlib.DEFLATED, -12)
    return (engine.compress(data) + engine.flush(zlib.Z_SYNC_FLUSH))[:-4]


def class_01_zip_bomb(server):
    bomb = deflated(bytes(64 << 20))
    check(len(bomb) < 80_000, f"the bomb has {len(bomb)} bytes")
    with Memory(server, 24):
        for _ in range(20):
            with opened(server, extra=[DEFLATE]) as wire:
                wire.send(frame(BINARY, bomb, rsv=4))
                wire.close_frame(1009)


def class_01_zip_bomb_in_fragments(server):
    bomb = deflated(bytes(64 << 20))
    with Memory(server, 24), opened(server, extra=[DEFLATE]) as wire:
        parts = [bomb[start:start + 100] for start in range(0, len(bomb), 100)]
        wire.send(frame(BINARY, parts[0], rsv=4, fin=False) + b"".join(frame(CONTINUATION, part, fin=False) for part in parts[1:]))
        wire.close_frame(1009)


def class_01_zip_bomb_of_many_messages(server):
    # Each a megabyte, which is allowed; a hundred of them from a hundred kilobytes, never read by their sender.
    message = frame(BINARY, deflated(bytes(1 << 20)), rsv=4)
    with Memory(server, 64), opened(server, extra=[DEFLATE]) as wire:
        wire.send(message * 100)
        echoes_back = 0
        while echoes_back < 100:
            found = wire_frame_of_deflate(wire)
            check(found == BINARY, f"opcode {found}")
            echoes_back += 1


def wire_frame_of_deflate(wire):
    """Passes over a frame that may be compressed; its opcode."""
    first, second = wire.read(2)
    length = second & 0x7F
    if length == 126:
        length = struct.unpack("!H", wire.read(2))[0]
    elif length == 127:
        length = struct.unpack("!Q", wire.read(8))[0]
    wire.read(length)
    return first & 0x0F


def class_02_fragments_without_end(server):
    for fragment in (frame(CONTINUATION, b"", fin=False), frame(CONTINUATION, b"x", fin=False)):
        with Memory(server, 16), opened(server) as wire:
            wire.send(frame(TEXT, b"", fin=False))
            for _ in range(140):
                wire.send(fragment * 1000)
            wire.close_frame(1008)


def class_03_length_arithmetic(server):
    for length in (2 ** 63 - 1, 2 ** 63 - 2, 2 ** 62, 2 ** 32, 2 ** 31, 2 ** 20 + 1):
        with opened(server) as wire:
            wire.send(frame(BINARY, length=length))
            wire.close_frame(1009)
    for length in (2 ** 63, 2 ** 64 - 1):
        with opened(server) as wire:
            wire.send(frame(BINARY, length=length))
            wire.close_frame(1002)
    # The sum of fragments passes the limit, with a control frame between them.
    with opened(server) as wire:
        wire.send(frame(BINARY, bytes(2 ** 20), fin=False) + frame(PING, b"p") + frame(CONTINUATION, length=2 ** 20))
        equal(wire.frame().opcode, PONG, "answer to the ping")
        wire.close_frame(1009)


def class_04_allocation_by_declared_length(server):
    wires = []
    with Memory(server, 16):
        for _ in range(200):
            wires.append(opened(server))
            wires[-1].send(frame(BINARY, length=10 << 30) + bytes(1000))
        with opened(server) as wire:
            echoes(wire)
    for wire in wires:
        wire.socket.close()


class_04_allocation_by_declared_length.options = ("--max-message-size", str(20 << 30))


def class_05_handshake_cpu(server):
    before = cpu_seconds(server)
    extensions = ('a; b="' + "\\c" * 7000, "a;" * 7000, ",".join('a;b="c"' for _ in range(1800)), "," * 15000)
    fields = [f"Sec-WebSocket-Extensions: {value}" for value in extensions]
    # As many distinct subprotocols as fit, the first of them once more at the end.
    letters = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    names = [a + b for b in ["", *letters] for a in letters][:5000]
    fields += [f"Sec-WebSocket-Protocol: {','.join(names)}", f"Sec-WebSocket-Protocol: {','.join([*names, names[0]])}"]
    for field in fields * 50:
        with server.connect() as wire:
            wire.send(server.fill_in(request(extra=[field])))
            check(wire.response().status in (101, 400), "neither accepted nor refused")
    spent = cpu_seconds(server) - before
    check(spent < 2, f"{spent:.1f} s of CPU time for {len(fields) * 50} requests")


def class_05_handshake_that_never_ends(server):
    with Memory(server, 8), server.connect() as wire:
        wire.send(b"GET /echo HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * (20 << 20))
        equal(wire.response().status, 431, "status")


def class_06_header_count(server):
    for count in (101, 2000):
        refused(server, request(extra=[f"X-{number}: 1" for number in range(count)]), 431)
    # Fields that are not there, alone and together.
    for missing in ({"upgrade": None}, {"connection": None}, {"key": None}, {"ws_version": None}, {"host": None}):
        with server.connect() as wire:
            wire.send(server.fill_in(request(**missing)))
            check(wire.response().status in (400, 426), f"status without {missing}")


def class_09_ping_flood(server):
    with Memory(server, 16), opened(server) as wire:
        flood = frame(PING, b"x" * 125) * 1000
        for _ in range(1000):
            wire.socket.settimeout(0.05)
            try:
                wire.socket.sendall(flood)
            except TimeoutError:
                break
    with opened(server) as wire:
        wire.send(frame(PONG, b"unasked") * 100_000)
        echoes(wire)


def class_10_close_storm(server):
    """Both sides close at once, many times over, with frames in flight in both directions."""
    for round in range(300):
        with opened(server, "/chat" if round % 2 else "/echo") as wire:
            closing = frame(CLOSE, close_body(1000 + 2 * (round % 2), "bye"))
            wire.send(frame(TEXT, "x" * round) + closing * (1 + round % 3) + frame(TEXT, "too late"))
            last = None
            while (found := wire.frame()).opcode != CLOSE:
                last = found
            check(last is None or last.opcode == TEXT, f"{last}")
            wire.ends()


def class_11_foreign_memory(server):
    """Short messages behind long ones: nothing of the long ones may come back."""
    dice = random.Random(11)
    with opened(server, extra=[DEFLATE]) as wire:
        for number in range(400):
            payload = bytes([number % 251]) * dice.choice((0, 1, 2, 125, 126, 127, 100, 60_000, 70_000))
            wire.send(frame(PING, payload[:125]) + frame(BINARY, payload[:127]))
            pong, message = wire.frame(), wire.frame()
            if pong.opcode != PONG:
                pong, message = message, pong
            equal((pong.payload, message.payload), (payload[:125], payload[:127]), "what came back")
        wire.send(frame(CLOSE, close_body(1000, "short")))
        wire.close_frame(1000, b"")


def class_12_foreign_origin(server):
    own = f"http://127.0.0.1:{server.port}"
    with opened(server, extra=[f"Origin: {own}"]):
        pass
    for origin in (f"http://evil.127.0.0.1:{server.port}", f"{own}.evil.example", f"http://127.0.0.1:{server.port + 1}",
                   "http://127.0.0.1", f"https://127.0.0.1:{server.port}", "null", "*", "", f"{own}/", f"{own} ", "file://",
                   f"http://127.0.0.1:{server.port}@evil.example", f"http://localhost:{server.port}", "http://127.0.0.１"):
        data = request().replace(b"\r\n\r\n", b"\r\nOrigin: " + origin.encode() + b"\r\n\r\n")
        with server.connect() as wire:
            wire.send(server.fill_in(data))
            status = wire.response().status
            # White space around a value is not part of it (RFC 9110 §5.5).
            check(status == (101 if origin == f"{own} " else 403), f"Origin {origin!r}: status {status}")


def class_13_request_smuggling(server):
    """What follows a refused upgrade is a request of its own, or the connection is closed; never something in between."""
    with server.connect() as wire:
        wire.send(server.fill_in(request(ws_version="12") + plain()))
        equal([wire.response().status, wire.response().status], [426, 200], "statuses")
    hidden = server.fill_in(plain("/hidden"))
    for fields in ([f"Content-Length: {len(hidden)}"], ["Transfer-Encoding: chunked"]):
        with server.connect() as wire:
            wire.send(server.fill_in(request(extra=fields)) + hidden)
            equal(wire.response().status, 400, "status")
            wire.ends()
    for fields in (["Content-Length: 3", "Content-Length: 4"], ["Content-Length: 3", "Transfer-Encoding: chunked"], ["Content-Length: +3"]):
        with server.connect() as wire:
            wire.send(server.fill_in(plain(method="POST", extra=fields)) + b"abc" + hidden)
            equal(wire.response().status, 400, "status")
            wire.ends()


def class_18_window_bits(server):
    for value in ("0", "1", "7", "8", "9", "15", "16", "-1", "1000000", "99999999999999999999", "", '""', "1e1", "٨"):
        for name in ("client_max_window_bits", "server_max_window_bits"):
            with server.connect() as wire:
                line = f"Sec-WebSocket-Extensions: permessage-deflate; {name}={value}".encode("utf-8").decode("latin-1")
                wire.send(server.fill_in(request(extra=[line])))
                answer = wire.response()
                accepted = answer.status == 101 and bool(answer.head.all("Sec-WebSocket-Extensions"))
                check(accepted == (value in ("8", "9", "15")), f"{name}={value}: {answer.head.start}, {answer.head.fields}")


def class_23_validator(server):
    """Every lead byte with too few, wrong and right continuations, at the ends of words of 8 and 32 bytes."""
    dice = random.Random(23)
    samples = [b"\xc3\xa4", b"\xe2\x82\xac", b"\xf0\x9f\x90\xa6", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x90", b"\xc0\x80", b"\xed\xa0\x80",
               b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xff"]
    for sample in samples:
        for offset in (0, 1, 6, 7, 8, 30, 31, 32, 33, 63):
            payload = b"a" * offset + sample + b"b" * dice.randrange(40)
            try:
                payload.decode()
                is_valid = True
            except UnicodeDecodeError:
                is_valid = False
            with opened(server) as wire:
                wire.send(frame(TEXT, payload))
                if is_valid:
                    equal(wire.frame().payload, payload, "echo")
                else:
                    wire.close_frame(1007)
