"""What a table of bytes can't say about `martlet connect`: many connections, time, addresses, TLS."""

import select
import socket
import ssl
import struct
import time

import certificate
import http1
from client_cases import frame, http, switching
from client_play import Client, check_request, end_stream, fill_in, finish, opened, talk, StaysOpen
from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body
from harness import DEADLINE, Failure, Process, Test, Wire, check, equal

SCENARIOS = []


def scenario(name, requirements):
    def mark(function):
        SCENARIOS.append(Test(f"client: {name}", requirements, function))
        return function
    return mark


@scenario("§4.1: the keys of 40 connections are all different, and so are their bits", requirements=(29, 30, 31))
def fresh_keys():
    keys = []
    for _ in range(40):
        with Client() as client:
            wire, head = client.accept_request()
            with wire:
                keys.append(http1.base64.b64decode(head.one("Sec-WebSocket-Key"), validate=True))
                wire.send(http("403 Forbidden", "Connection: close"))
                wire.ends()
            equal(client.exit_status(), 2, "exit status")
    equal(len(set(keys)), len(keys), "distinct keys")
    for index in range(16):
        # 40 random bytes have this few values with a chance far below one in a billion.
        check(len({key[index] for key in keys}) > 16, f"byte {index} of the keys hardly changes")


@scenario("§5.3: every frame has a masking key of its own that no earlier one tells", requirements=(93, 104, 107, 143, 185))
def fresh_masks():
    with opened() as (client, wire):
        keys = []
        for number in range(1000):
            client.type(b"line %04d" % number)
        for number in range(1000):
            found = wire.frame()
            equal((found.opcode, found.payload), (TEXT, b"line %04d" % number), "message")
            keys.append(int.from_bytes(found.key, "big"))
        finish(StaysOpen(), client, wire)
        equal(client.exit_status(), 0, "exit status")
    # Two of 1000 random 32-bit numbers are equal with a chance of 1 in 8600, more than two pairs practically never.
    check(len(set(keys)) >= 998, "masking keys come again")
    for step in (lambda a, b: (b - a) & 0xFFFFFFFF, lambda a, b: a ^ b):
        check(len({step(a, b) for a, b in zip(keys, keys[1:])}) >= 996, "masking keys follow from each other")
    for bit in range(32):
        # Far outside of what 1000 fair coins do.
        check(350 < sum(key >> bit & 1 for key in keys) < 650, f"bit {bit} of the masking keys is not random")


@scenario("§4.1: a 101 cut in two at every byte, a frame behind it", requirements=(53, 54, 148))
def cut_handshake():
    for cut in range(1, 140, 3):
        with Client() as client:
            wire, head = client.accept_request()
            with wire:
                data = fill_in(switching(), head, client.port) + frame(TEXT, b"early")
                wire.send_parts([data[:cut], data[cut:]])
                equal(client.line(), b"early", f"line, cut at {cut}")
                finish(StaysOpen(), client, wire)
            equal(client.exit_status(), 0, f"exit status, cut at {cut}")


@scenario("§4.1: a host that is an IPv6 address has brackets in Host", requirements=(26,))
def ipv6():
    try:
        client = Client("ws://[::1]:{port}/x", host="::1")
    except OSError:
        # Without IPv6 on this machine the client must say that it can't get there.
        with Process("connect", "--", "ws://[::1]:9/x") as process:
            equal(process.exit_status(), 2, "exit status")
            check("::1" in process.error_text(), process.error_text())
        return
    with client:
        wire, head = client.accept_request("[::1]:{port}", "/x")
        with wire:
            wire.send(fill_in(switching(), head, client.port))
            talk(client, wire)


@scenario("§4.1: nobody listens", requirements=(15, 157))
def refused():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Process("connect", "--", f"ws://127.0.0.1:{port}/") as process:
        equal(process.exit_status(), 2, "exit status")
        check(f"port {port}" in process.error_text(), process.error_text())


@scenario("§4.1: the server closes instead of answering", requirements=(52, 157))
def closes_early():
    for beginning in (b"", b"HTTP/1.1 1", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 50\r\n\r\nhalf"):
        with Client() as client:
            wire, _ = client.accept_request()
            with wire:
                wire.send(beginning)
                end_stream(wire)
            equal(client.exit_status(), 2, f"exit status after {beginning!r}")
            check(client.error_text().strip(), "standard error is silent")


@scenario("§4.1: a server that never answers is given up after --timeout", requirements=(21,))
def never_answers():
    for beginning in (b"", b"HTTP/1.1 101 Switching Protocols\r\n"):
        with Client("ws://127.0.0.1:{port}/", "--timeout", "0.5") as client:
            wire, _ = client.accept_request()
            with wire:
                wire.send(beginning)
                wire.ends()
            equal(client.exit_status(), 2, "exit status")
            check("within" in client.error_text(), client.error_text())


@scenario("§4.1: a server that drips its answer is given up after --timeout", requirements=(21, 54))
def drips():
    with Client("ws://127.0.0.1:{port}/", "--timeout", "1") as client:
        wire, _ = client.accept_request()
        with wire:
            wire.send(b"HTTP/1.1 101 Switching Protocols\r\nX: ")
            while not select.select([wire.socket], [], [], 0.05)[0]:
                check(time.monotonic() < wire.end, "the client went on waiting")
                wire.send(b"x")
        equal(client.exit_status(), 2, "exit status")


@scenario("§7.1.1: the client leaves it to the server to close the connection", requirements=(129, 151))
def waits_for_the_server():
    with opened() as (client, wire):
        wire.send(frame(CLOSE, close_body(1000)))
        equal(wire.frame().payload, close_body(1000), "answer to the close")
        check(not select.select([wire.socket], [], [], 1.0)[0], "the client closed the connection first")
        end_stream(wire)
        equal(client.exit_status(), 0, "exit status")


@scenario("§7.1.1: a server that says goodbye but never closes is left after a deadline", requirements=(129, 151, 165))
def server_never_closes():
    with opened() as (client, wire):
        wire.send(frame(CLOSE, close_body(1000)))
        equal(wire.frame().payload, close_body(1000), "answer to the close")
        wire.ends()
        equal(client.exit_status(), 0, "exit status")


@scenario("§7.1.5: a server that never answers the client's close is left after a deadline: 1006", requirements=(155, 165))
def close_unanswered():
    with opened() as (client, wire):
        client.end_input()
        wire.close_frame(1000, b"")
        wire.ends()
        equal(client.exit_status(), 1, "exit status")
        check(client.error_text().strip(), "standard error is silent")


@scenario("§7.1.2: a server that goes on sending behind the client's close: messages arrive, pings are answered", requirements=(126, 130, 152, 153))
def messages_behind_close():
    with opened() as (client, wire):
        client.end_input()
        wire.close_frame(1000, b"")
        wire.send(frame(TEXT, b"still underway") + frame(PING, b"still there?"))
        equal(client.line(), b"still underway", "line printed")
        found = wire.frame()
        equal((found.opcode, found.payload), (PONG, b"still there?"), "pong")
        wire.send(frame(CLOSE, close_body(1000)))
        end_stream(wire)
        equal(client.exit_status(), 0, "exit status")


@scenario("§7.1.5: the connection ends without a close: status 1", requirements=(155, 157))
def dropped():
    for last in (b"", frame(TEXT, b"hello")[:3], frame(TEXT, b"half", fin=False), frame(BINARY, length=500) + b"x"):
        with opened() as (client, wire):
            wire.send(last)
            wire.socket.shutdown(socket.SHUT_WR)
            wire.read_to_end()
            wire.socket.close()
            equal(client.exit_status(), 1, f"exit status after {last!r}")
            check(client.error_text().strip(), "standard error is silent")


@scenario("§7.1.5: a reset ends the connection: status 1", requirements=(157,))
def reset():
    with opened() as (client, wire):
        wire.send(frame(TEXT, b"hello"))
        equal(client.line(), b"hello", "line printed")
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
        equal(client.exit_status(), 1, "exit status")


@scenario("§7.1.2: --wait waits for replies after the end of input", requirements=(152,))
def waits_for_replies():
    with opened("--wait", "1") as (client, wire):
        client.type(b"question")
        client.end_input()
        equal(wire.frame().payload, b"question", "message")
        wire.send(frame(TEXT, b"reply"))
        equal(client.line(), b"reply", "line printed")
        wire.close_frame(1000, b"")
        wire.send(frame(CLOSE, close_body(1000)))
        end_stream(wire)
        equal(client.exit_status(), 0, "exit status")


@scenario("§10.4: a claimed length takes no memory", requirements=(103,))
def claimed_length():
    with opened() as (client, wire):
        wire.send(frame(BINARY, b"x", fin=False) + frame(PING, b"read") + frame(CONTINUATION, length=60 << 20) + b"x" * 100)
        equal(wire.frame().payload, b"read", "pong")
        wire.send(b"x" * 100)
        with open(f"/proc/{client.process.pid}/status") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))
        check(resident < 60 << 10, f"{resident} KiB resident")
        end_stream(wire)
        equal(client.exit_status(), 1, "exit status")


@scenario("§4.1: wss: begins with TLS that names the host and http/1.1; a failure of TLS is the end", requirements=(4, 16, 18, 20))
def hello():
    with Client("wss://localhost:{port}/", "--timeout", "20") as client:
        with client.accept() as wire:
            kind, _, length = struct.unpack("!BHH", wire.read(5))
            equal(kind, 0x16, "first byte: a TLS handshake record")
            record = wire.read(length)
            check(b"localhost" in record, "no server name localhost in the ClientHello")
            check(b"\x08http/1.1" in record, "no http/1.1 among the protocols of the ClientHello")
            check(b"GET " not in record and b"Sec-WebSocket" not in record, "the handshake in plain text")
            wire.send(b"\x15\x03\x03\x00\x02\x02\x28")
            rest = wire.read_to_end()
            check(not rest or rest[0] == 0x15, f"{rest[:40]!r} behind a fatal alert")
        equal(client.exit_status(), 2, "exit status")
        check("TLS" in client.error_text(), client.error_text())


@scenario("RFC 9110 §4.3.4: a certificate nobody vouches for is refused before any request", requirements=(16, 19))
def untrusted():
    with certificate.made() as files, Client("wss://127.0.0.1:{port}/") as client:
        with client.accept() as wire:
            try:
                secure = certificate.serving(*files).wrap_socket(wire.socket, server_side=True)
                with secure:
                    sent = secure.recv(100)
                check(not sent, f"the client sent {sent!r}")
            except (ssl.SSLError, ConnectionResetError):
                pass
        equal(client.exit_status(), 2, "exit status")
        check("certificate" in client.error_text().lower(), client.error_text())


@scenario("§4.1: wss: with --insecure: the whole conversation is inside TLS", requirements=(4, 16, 17, 20))
def insecure():
    with certificate.made() as files, Client("wss://127.0.0.1:{port}/", "--insecure") as client:
        connection, _ = client.listener.accept()
        connection.settimeout(DEADLINE)
        with Wire(certificate.serving(*files).wrap_socket(connection, server_side=True), reads_masked=True) as wire:
            equal(wire.socket.selected_alpn_protocol(), "http/1.1", "ALPN")
            head = http1.parse_head(wire.read_until(b"\r\n\r\n"))
            check_request(head, f"127.0.0.1:{client.port}", "/")
            wire.send(fill_in(switching(), head, client.port))
            wire.send(frame(TEXT, b"inside"))
            equal(client.line(), b"inside", "line printed")
            client.type(b"out")
            equal(wire.frame().payload, b"out", "message")
            client.end_input()
            wire.close_frame(1000, b"")
            wire.send(frame(CLOSE, close_body(1000)))
            try:
                wire.socket.unwrap().close()
            except (ssl.SSLError, OSError):
                pass
        equal(client.exit_status(), 0, f"exit status with {client.error_text()!r}")
