"""Plays the cases of `client_cases` to `martlet connect`, as a server that speaks raw bytes."""

import base64
import re
import socket
import subprocess
import time
from contextlib import contextmanager

import http1
from client_cases import Answers, Fails, Gets, Prints, Sends, StaysOpen, Types, http, switching
from frames import CLOSE, TEXT, close_body, frame
from harness import DEADLINE, Failure, Process, Wire, check, equal

WHOLE, BYTE_BY_BYTE, BEHIND_HANDSHAKE = "whole", "byte by byte", "behind the handshake"


class Client(Process):
    """`martlet connect` and the socket it is told to connect to."""

    def __init__(self, url="ws://127.0.0.1:{port}/", *arguments, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.listener.settimeout(DEADLINE)
        self.port = self.listener.getsockname()[1]
        try:
            super().__init__("connect", "--wait", "0", *arguments, "--", url.replace("{port}", str(self.port)), stdin=subprocess.PIPE)
        except BaseException:
            self.listener.close()
            raise

    def __exit__(self, *details):
        super().__exit__(*details)
        self.listener.close()

    def type(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def end_input(self):
        self.process.stdin.close()

    def accept(self):
        try:
            return Wire(self.listener.accept()[0], reads_masked=True)
        except socket.timeout:
            raise Failure(f"the client did not connect: {self.error_text()!r}") from None

    def accept_request(self, host=None, target="/"):
        """The connection, and its request after all checks that hold for every request."""
        wire = self.accept()
        try:
            head = http1.parse_head(wire.read_until(b"\r\n\r\n"))
            check_request(head, (host or "127.0.0.1:{port}").replace("{port}", str(self.port)), target)
        except BaseException:
            wire.socket.close()
            raise
        return wire, head

    def nobody_else(self):
        """No connection was made that is not accepted yet."""
        self.listener.setblocking(False)
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return
        connection.close()
        raise Failure("the client connected once more")


def check_request(head, host, target):
    """What RFC 6455 §4.1 demands of every opening handshake."""
    equal(head.start, f"GET {target} HTTP/1.1", "request line")
    equal(head.one("Host"), host, "Host")
    check("websocket" in [part.strip().lower() for part in head.one("Upgrade").split(",")], f"Upgrade: {head.one('Upgrade')!r}")
    check("Upgrade" in [part.strip() for part in head.one("Connection").split(",")], f"Connection: {head.one('Connection')!r}")
    equal(head.one("Sec-WebSocket-Version"), "13", "Sec-WebSocket-Version")
    key = head.one("Sec-WebSocket-Key")
    check(re.fullmatch(r"[A-Za-z0-9+/]{21}[AQgw]==", key), f"Sec-WebSocket-Key {key!r} is not canonical base64 of 16 bytes")
    for name in ("Content-Length", "Transfer-Encoding", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions"):
        equal(head.all(name), [], name)


def fill_in(response, head, port):
    """Puts the right answer to the request's key, and its distortions, where a response asks for them."""
    key = head.one("Sec-WebSocket-Key")
    accept = http1.accept_value(key)
    values = {"accept": accept, "key": key, "swapped": accept.swapcase(), "unpadded": accept.rstrip("="), "port": str(port)}
    for name, value in values.items():
        response = response.replace(b"{%s}" % name.encode(), value.encode())
    return response


@contextmanager
def opened(*arguments, url="ws://127.0.0.1:{port}/"):
    """A connection that is open on both sides."""
    with Client(url, *arguments) as client:
        wire, head = client.accept_request()
        with wire:
            wire.send(fill_in(switching(), head, client.port))
            yield client, wire


def play_request(case):
    with Client(case.url, *case.arguments) as client:
        # Input that waits must not get ahead of the handshake.
        client.type(b"too early")
        wire, head = client.accept_request(case.host, case.target)
        with wire:
            for name, values in case.fields.items():
                equal([value.encode("latin-1").decode() for value in head.all(name)], values, name)
            wire.send(http("403 Forbidden", "Connection: close"))
            wire.ends()
        equal(client.exit_status(), 2, "exit status")
        client.nobody_else()


def play_no_request(case):
    with Client(case.url, *case.arguments) as client:
        equal(client.exit_status(), case.status, f"exit status with {client.error_text()!r}")
        for part in case.says:
            check(part.lower() in client.error_text().lower(), f"standard error does not name {part!r}: {client.error_text()!r}")
        equal(client.rest(), b"", "standard output")
        client.nobody_else()


def play_response(case, way):
    with Client("ws://127.0.0.1:{port}/", *case.arguments) as client:
        wire, head = client.accept_request()
        with wire:
            if case.says is None:
                wire.send(fill_in(case.response, head, client.port), byte_by_byte=way == BYTE_BY_BYTE)
                talk(client, wire)
                return
            client.type(b"for nobody")
            wire.send(fill_in(case.response, head, client.port), byte_by_byte=way == BYTE_BY_BYTE)
            gone(wire)
        equal(client.exit_status(), 2, f"exit status with {client.error_text()!r}")
        said = client.error_text()
        check(said.strip(), "standard error is silent")
        check("\x1b" not in said, f"an escape character on standard error: {said!r}")
        for part in case.says:
            shown = part.replace("{port}", str(client.port))
            check(shown.lower() in said.lower(), f"standard error does not name {shown!r}: {said!r}")
        equal(client.rest(), b"", "standard output")
        client.nobody_else()


def gone(wire):
    """The client has closed and sent nothing; bytes of ours that it did not read may turn the end into a reset."""
    try:
        wire.ends()
    except Failure as failure:
        check("reset" in str(failure) and not wire.buffer, str(failure))


def play_frames(case, way):
    steps = list(case.steps)
    with Client() as client:
        wire, head = client.accept_request()
        with wire:
            handshake = fill_in(switching(), head, client.port)
            if way == BEHIND_HANDSHAKE and isinstance(steps[0], Sends):
                handshake += steps.pop(0).data
            wire.send(handshake)
            for step in steps:
                match step:
                    case Sends(data):
                        wire.send(data, byte_by_byte=way == BYTE_BY_BYTE)
                    case Prints(line):
                        equal(client.line(), line.encode(), "line printed")
                    case Types(line):
                        client.type(line)
                    case Gets(opcode, payload):
                        found = wire.frame()
                        check((found.opcode, found.payload, found.fin) == (opcode, payload, True), f"{found} instead of {opcode} {payload[:60]!r}")
            status, says = finish(case.ends, client, wire)
        equal(client.exit_status(), status, f"exit status with {client.error_text()!r}")
        said = client.error_text()
        check(says in said, f"standard error does not say {says!r}: {said!r}")
        check("\x1b" not in said, f"an escape character on standard error: {said!r}")
        equal(bool(said), status != 0, f"something on standard error ({said!r})")
        equal(client.rest(), b"", "rest of standard output")


def finish(ends, client, wire):
    """Plays the end and returns the exit status it must have, and what standard error must name."""
    match ends:
        case Fails(code):
            wire.close_frame(code)
            wire.ends()
            return 1, str(code)
        case Answers(body, status, says):
            found = wire.frame()
            check((found.opcode, found.payload) == (CLOSE, body), f"{found} instead of close {body!r}")
            end_stream(wire)
            return status, says
        case StaysOpen():
            client.end_input()
            wire.close_frame(1000, b"")
            wire.send(frame(CLOSE, close_body(1000), key=None))
            end_stream(wire)
            return 0, ""


def end_stream(wire):
    """The server closes first (§7.1.1); the client then has nothing more to say."""
    wire.socket.shutdown(socket.SHUT_WR)
    wire.ends()


def talk(client, wire):
    """A message each way, and an ordinary end."""
    wire.send(frame(TEXT, "greeting", key=None))
    equal(client.line(), b"greeting", "line printed")
    client.type(b"answer")
    found = wire.frame()
    check((found.opcode, found.payload) == (TEXT, b"answer"), f"{found} instead of the line typed")
    finish(StaysOpen(), client, wire)
    equal(client.exit_status(), 0, f"exit status with {client.error_text()!r}")
