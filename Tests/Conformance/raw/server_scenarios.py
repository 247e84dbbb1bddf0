"""What a table of bytes can't say about `martlet serve`: several connections, time, signals, memory, TLS."""

import re
import select
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

import certificate
import http1
from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body, frame
from harness import DEADLINE, Failure, Server, Test, Wire, check, equal
from server_play import check_switching, say_goodbye, talk

SCENARIOS = []
ON_WIRE = {*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)}


def scenario(name, requirements):
    """Marks a function that takes a running server as a test."""
    def mark(function):
        SCENARIOS.append((name, requirements, function))
        return function
    return mark


def tests(shared):
    return [Test(f"server: {name}", requirements, lambda function=function: function(shared.server()))
            for name, requirements, function in SCENARIOS]


def opened(server, target="/echo", **options):
    wire = server.connect(**options)
    wire.send(server.fill_in(http1.request(target)))
    check_switching(wire.response())
    return wire


def healthy(server):
    with server.connect() as wire:
        wire.send(server.fill_in(http1.plain()))
        response = wire.response()
        equal((response.status, response.body), (200, b"ok\n"), "/healthz")


def echoes(wire, text):
    wire.send(frame(TEXT, text))
    found = wire.frame()
    equal((found.opcode, found.payload), (TEXT, text), "echo")


@scenario("§6.2: a handshake and the frames behind it, cut in two at every byte", requirements=(53, 89, 148))
def cut_handshake(server):
    data = server.fill_in(http1.request()) + frame(TEXT, b"early") + frame(CLOSE, close_body(1000))
    for cut in range(1, len(data)):
        with server.connect() as wire:
            wire.send_parts([data[:cut], data[cut:]])
            check_switching(wire.response())
            found = wire.frame()
            # The Close may be answered before the application has sent its echo; then nothing follows.
            if found.opcode == TEXT:
                equal(found.payload, b"early", f"echo, cut at {cut}")
                found = wire.frame()
            equal((found.opcode, found.payload), (CLOSE, close_body(1000)), f"close, cut at {cut}")
            wire.ends()


@scenario("§6.2: a sequence of frames, cut in two at every byte", requirements=(107, 114, 148))
def cut_frames(server):
    data = (frame(TEXT, "grüß", fin=False) + frame(PING, b"p" * 20) + frame(CONTINUATION, " dich €", key=b"\x01\x80\xfe\x7f")
            + frame(BINARY, bytes(200)) + frame(PONG, b"x"))
    wanted = {(TEXT, "grüß dich €".encode()), (BINARY, bytes(200)), (PONG, b"p" * 20)}
    with opened(server) as wire:
        for cut in range(1, len(data)):
            wire.send_parts([data[:cut], data[cut:]])
            found = [wire.frame() for _ in wanted]
            equal({(each.opcode, each.payload) for each in found}, wanted, f"answers, cut at {cut}")
            equal([each.opcode for each in found if not each.is_control], [TEXT, BINARY], f"order, cut at {cut}")
        say_goodbye(wire)
        wire.ends()


@scenario("§7.4: every close code from 0 to 5100 has its one exact answer", requirements=(127, 169, 170, 171, 172, 174))
def every_close_code(server):
    for code in range(5101):
        with opened(server) as wire:
            wire.send(frame(CLOSE, close_body(code)))
            if code in ON_WIRE:
                wire.close_frame(1000 if code == 1010 else code, b"")
            else:
                wire.close_frame(1002)
            wire.ends()


@scenario("/chat: what one says all hear, the sender too, in one order", requirements=(95, 114))
def chat(server):
    members = []
    try:
        # Whoever hears itself has joined.
        for number in range(5):
            members.append(opened(server, "/chat"))
            members[-1].send(frame(TEXT, b"joined %d" % number))
            for member in members:
                equal(member.frame().payload, b"joined %d" % number, "hello")
        for number, member in enumerate(members):
            member.send(frame(TEXT if number % 2 else BINARY, b"from %d" % number))
        heard = [[(found.opcode, found.payload) for found in (member.frame() for _ in members)] for member in members]
        for other in heard:
            equal(set(other), {(TEXT if n % 2 else BINARY, b"from %d" % n) for n in range(5)}, "messages heard")
        # One leaves; the others go on.
        say_goodbye(members[0])
        members[0].ends()
        members[1].send(frame(TEXT, b"still here"))
        for member in members[1:]:
            equal(member.frame().payload, b"still here", "message after one left")
    finally:
        for member in members:
            member.socket.close()


@scenario("one port: kept-alive HTTP and open WebSockets side by side", requirements=(91, 146))
def side_by_side(server):
    with server.connect() as page, opened(server) as first, opened(server) as second:
        for turn in range(20):
            page.send(server.fill_in(http1.plain("/healthz" if turn % 2 else "/nowhere")))
            equal(page.response().status, 200 if turn % 2 else 404, "status")
            echoes(first, b"first %d" % turn)
            echoes(second, b"second %d" % turn)
        for wire in (first, second):
            say_goodbye(wire)
            wire.ends()
        page.send(server.fill_in(http1.request()))
        check_switching(page.response())
        talk(page)


@scenario("§5.5.3: of 20,000 pings in a row the last is answered, and no pong is made up", requirements=(130, 131, 133))
def ping_flood(server):
    with opened(server) as wire:
        flood = b"".join(frame(PING, b"ping %05d" % number) for number in range(20_000))
        sender = threading.Thread(target=wire.socket.sendall, args=(flood,))
        sender.start()
        try:
            last = -1
            while last != 19_999:
                found = wire.frame()
                number = int(found.payload[5:])
                check(found.opcode == PONG and found.payload == b"ping %05d" % number and last < number, f"{found} after pong {last}")
                last = number
        finally:
            wire.socket.shutdown(socket.SHUT_RD)
            sender.join(DEADLINE)
        check(not sender.is_alive(), "the pings were not read")
        wire.socket.close()
    healthy(server)


@scenario("§5.5.1: a close behind many messages: the echoes are a beginning of them, the close comes last", requirements=(126, 127, 141))
def close_behind_messages(server):
    with opened(server) as wire:
        wire.send(b"".join(frame(TEXT, b"%d" % number) for number in range(100)) + frame(CLOSE, close_body(1000)))
        number = 0
        while (found := wire.frame()).opcode == TEXT:
            equal(found.payload, b"%d" % number, "echo")
            number += 1
        equal((found.opcode, found.payload), (CLOSE, close_body(1000)), "last frame")
        wire.ends()


@scenario("§7.2.1: who hangs up without a close is let go", requirements=(157, 162))
def hang_up(server):
    beginnings = (b"", b"GET /echo HT", None, frame(TEXT, b"hello")[:4], frame(TEXT, b"hello", fin=False), frame(TEXT, length=1000) + b"x" * 10)
    for beginning in beginnings:
        handshake = beginning is None or not beginning.startswith(b"GET") and beginning
        wire = opened(server) if handshake else server.connect()
        with wire:
            wire.send(beginning or b"")
            wire.socket.shutdown(socket.SHUT_WR)
            wire.read_to_end()


@scenario("§7.2.1: a hundred resets in the middle of frames leave the server as it was", requirements=(157,))
def resets(server):
    for number in range(100):
        wire = opened(server)
        wire.send(frame(BINARY, length=100_000) + b"x" * (number * 37) if number % 2 else frame(TEXT, b"x" * 500) * 20)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
    healthy(server)
    with opened(server) as wire:
        talk(wire)


@scenario("§7.1.1: after a violation the server drops a client that never closes", requirements=(149, 165))
def silent_after_violation(server):
    with opened(server) as wire:
        wire.send(frame(TEXT, b"x", rsv=7))
        wire.close_frame(1002)
        wire.ends()
        # The server's socket is gone when it answers a byte with a reset.
        end = time.monotonic() + DEADLINE
        gone = select.poll()
        gone.register(wire.socket, select.POLLERR | select.POLLHUP)
        while not gone.poll(100):
            check(time.monotonic() < end, "the connection was still open")
            try:
                wire.socket.send(b"\x00")
            except OSError:
                return


@scenario("RFC 9112 §9.5: who sends no request is let go", requirements=(71,))
def silent_client(server):
    with server.connect() as wire:
        rest = wire.read_to_end()
        check(not rest or rest.startswith(b"HTTP/1.1 408 "), f"{rest[:80]!r} instead of 408 or nothing")


@scenario("§10.4: a request that drips in byte by byte is cut off", requirements=(71, 184))
def slow_loris(server):
    data = iter(server.fill_in(http1.request(extra=tuple(f"X{number}: y" for number in range(90)))))
    with server.connect() as wire:
        while not select.select([wire.socket], [], [], 0.1)[0]:
            byte = next(data, None)
            check(byte is not None and time.monotonic() < wire.end, "the server went on waiting")
            wire.send(bytes([byte]))
        rest = wire.read_to_end()
        check(not rest or rest.startswith(b"HTTP/1.1 408 "), f"{rest[:80]!r} instead of 408 or nothing")


@scenario("§10.4: memory is taken for bytes received, not for lengths claimed", requirements=(103, 187))
def claimed_lengths(server):
    def resident():
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    with opened(server) as wire:
        talk(wire)
    before = resident()
    wires = [opened(server) for _ in range(200)]
    try:
        for wire in wires:
            # The pong shows that the first header has been read; the second one is read right after it.
            wire.send(frame(BINARY, b"x", fin=False) + frame(PING, b"read") + frame(CONTINUATION, length=1_000_000) + b"x" * 16)
            equal(wire.frame().payload, b"read", "pong")
        grown = resident() - before
        check(grown < 64 * 1024, f"200 claims of 1 MB took {grown} KiB")
    finally:
        for wire in wires:
            wire.socket.close()


@scenario("§10.2: --allow-origin lets in exactly the named origins", requirements=(76, 77, 183))
def allowed_origins(_):
    with Server("--allow-origin", "http://good.example", "--allow-origin", "https://also.example:8443") as server:
        for origin, status in (("http://good.example", 101), ("HTTP://GOOD.example:80", 101), ("https://also.example:8443", 101), (None, 101),
                               ("https://good.example", 403), ("http://good.example:8080", 403), ("http://good.example.org", 403),
                               ("https://also.example", 403), ("http://{authority}", 403), ("null", 403)):
            with server.connect() as wire:
                wire.send(server.fill_in(http1.request(extra=(f"Origin: {origin}",) if origin else ())))
                response = wire.response()
                equal(response.status, status, f"status for Origin {origin}")
                if status == 101:
                    talk(wire)
        equal(server.stop(), 0, "exit status")


@scenario("§10.4: --max-message-size sets the limit of a message and of a frame", requirements=(119, 188))
def message_limit(_):
    with Server("--max-message-size", "10") as server:
        with opened(server) as wire:
            echoes(wire, b"0123456789")
            wire.send(frame(TEXT, b"01234", fin=False) + frame(CONTINUATION, b"56789"))
            equal(wire.frame().payload, b"0123456789", "echo")
            wire.send(frame(TEXT, b"012345", fin=False) + frame(CONTINUATION, length=5))
            wire.close_frame(1009)
            wire.ends()
        with opened(server) as wire:
            wire.send(frame(TEXT, length=11))
            wire.close_frame(1009)
            wire.ends()
        with opened(server) as wire:
            # Control frames have a limit of their own.
            wire.send(frame(PING, b"p" * 125))
            equal(wire.frame().payload, b"p" * 125, "pong")
            say_goodbye(wire)
            wire.ends()
        equal(server.stop(), 0, "exit status")


@scenario("§7.4.1: at SIGTERM open connections are told 1001 and idle ones are closed", requirements=(150, 159, 173))
def shutdown(_):
    with Server() as server, opened(server) as first, opened(server, "/chat") as second, server.connect() as idle:
        idle.send(server.fill_in(http1.plain()))
        equal(idle.response().status, 200, "status")
        second.send(frame(TEXT, b"half a message", fin=False))
        server.process.terminate()
        for wire in (first, second):
            equal(wire.frame().code, 1001, "close code")
            wire.send(frame(CLOSE, close_body(1001)))
            wire.ends()
        idle.ends()
        equal(server.exit_status(), 0, "exit status")


@scenario("§4.2.2: on a TLS port the handshake is inside TLS, and nowhere else", requirements=(17, 20, 73, 190))
def over_tls(_):
    with certificate.made() as (chain, key), Server("--tls-certificate", chain, "--tls-key", key) as server:
        equal(server.scheme, "https", "scheme announced")
        context = certificate.trusting(chain)
        context.set_alpn_protocols(["http/1.1"])
        for extra, status in (((), 101), (("Origin: https://{authority}",), 101), (("Origin: http://{authority}",), 403)):
            plain = socket.create_connection(("127.0.0.1", server.port), DEADLINE)
            with Wire(context.wrap_socket(plain, server_hostname="127.0.0.1")) as wire:
                equal(wire.socket.selected_alpn_protocol(), "http/1.1", "ALPN")
                wire.send(server.fill_in(http1.request(extra=extra)))
                equal(wire.response().status, status, f"status with {extra}")
                if status == 101:
                    talk(wire)
        with server.connect() as wire:
            wire.send(server.fill_in(http1.request()))
            try:
                answer = wire.read_to_end()
            except Failure as failure:
                # A reset is an answer here, silence is not.
                check("reset" in str(failure), str(failure))
                answer = b""
            check(b"HTTP/1.1" not in answer, f"{answer[:80]!r} in plain text on a TLS port")
        equal(server.stop(), 0, "exit status")
