"""What all raw tests stand on: deadlines, a connection that reads exactly, and the program under test."""

import os
import re
import select
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from frames import CLOSE, PING, read_frame
from http1 import read_response
from pacing import pieces, send_in_pieces

ROOT = Path(__file__).resolve().parents[3]
MARTLET = os.environ.get("MARTLET", str(ROOT / ".build" / "release" / "martlet"))
# For one case. It is long because machines that test are busy; nothing waits for it unless something is wrong.
DEADLINE = 30.0
# What every program under test is told besides. Tests of exact bytes are tests without compression.
OPTIONS = []


class Failure(Exception):
    """The program under test did something else than it should."""


def check(condition, message):
    if not condition:
        raise Failure(message)


def equal(actual, expected, what):
    if actual != expected:
        raise Failure(f"{what}: {actual!r} instead of {expected!r}")


class Wire:
    """A TCP connection with a deadline for everything that is awaited on it."""

    def __init__(self, connection, *, reads_masked=False, deadline=DEADLINE):
        self.socket = connection
        self.reads_masked = reads_masked
        self.end = time.monotonic() + deadline
        self.buffer = bytearray()
        self.at_eof = False
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data, byte_by_byte=False):
        """Sends; a peer that has closed is noticed when reading, where its last words may wait."""
        self.socket.settimeout(max(0.01, self.end - time.monotonic()))
        try:
            if byte_by_byte:
                send_in_pieces(self.socket, pieces(data))
            else:
                self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_parts(self, parts):
        send_in_pieces(self.socket, parts)

    def fill(self, what):
        """Reads once. False at the end of the stream."""
        if self.at_eof:
            return False
        remaining = self.end - time.monotonic()
        try:
            if remaining <= 0:
                raise socket.timeout
            self.socket.settimeout(remaining)
            data = self.socket.recv(1 << 18)
        except socket.timeout:
            raise Failure(f"deadline passed waiting for {what}; had {bytes(self.buffer[:80])!r}") from None
        except ConnectionResetError:
            raise Failure(f"connection reset while waiting for {what}; had {bytes(self.buffer[:80])!r}") from None
        if not data:
            self.at_eof = True
            return False
        self.buffer += data
        return True

    def take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read(self, count):
        while len(self.buffer) < count:
            if not self.fill(f"{count} bytes"):
                raise Failure(f"end of stream after {len(self.buffer)} of {count} bytes: {bytes(self.buffer[:80])!r}")
        return self.take(count)

    def read_until(self, mark):
        searched = 0
        while (found := self.buffer.find(mark, max(0, searched - len(mark)))) < 0:
            searched = len(self.buffer)
            if not self.fill(f"{mark!r}"):
                raise Failure(f"end of stream before {mark!r}: {bytes(self.buffer[:80])!r}")
        return self.take(found + len(mark))

    def read_to_end(self):
        """Everything up to the end of the stream."""
        while self.fill("the end of the stream"):
            pass
        return self.take(len(self.buffer))

    def ends(self):
        """The other side has nothing more to say and closes, without a reset."""
        rest = self.read_to_end()
        check(not rest, f"bytes after the end: {rest[:80]!r}")

    def frame(self):
        """The next frame. Keep-alive pings, which may come at any time, are passed over."""
        while True:
            found = read_frame(self.read, self.reads_masked)
            if found.opcode != PING or len(found.payload) != 8:
                return found

    def close_frame(self, code, reason=None):
        """A Close frame with exactly this code and reason; without a reason given, a short one in ASCII."""
        found = self.frame()
        check(found.opcode == CLOSE, f"{found} instead of close {code}")
        equal(found.code, code, "close code")
        if reason is not None:
            equal(found.payload[2:], reason, "close reason")
        else:
            check(re.fullmatch(rb"[\x20-\x7e]{1,123}", found.payload[2:]), f"close reason is not short ASCII: {found}")
        return found

    def response(self, **options):
        return read_response(self, **options)


class Process:
    """The program under test, ended with the block whatever happens."""

    def __init__(self, *arguments, stdin=subprocess.DEVNULL):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([MARTLET, arguments[0], *OPTIONS, *arguments[1:]], stdin=stdin, stdout=subprocess.PIPE, stderr=self.errors,
                                        env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        self.output = bytearray()
        self.end = time.monotonic() + DEADLINE

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def line(self):
        """The next line of standard output, without its end."""
        while b"\n" not in self.output:
            if not self.fill():
                raise Failure(f"standard output ended: {bytes(self.output)!r}, {self.error_text()!r}")
        line, _, rest = bytes(self.output).partition(b"\n")
        self.output = bytearray(rest)
        return line

    def fill(self):
        descriptor = self.process.stdout.fileno()
        if not readable(descriptor, self.end):
            raise Failure(f"deadline passed waiting for a line of output; had {bytes(self.output[:80])!r}")
        data = os.read(descriptor, 65536)
        self.output += data
        return bool(data)

    def rest(self):
        """All of standard output that is left."""
        while self.fill():
            pass
        taken, self.output = bytes(self.output), bytearray()
        return taken

    def exit_status(self):
        try:
            return self.process.wait(max(0.01, self.end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Failure(f"the process did not end: {self.error_text()!r}") from None

    def cause_of_death(self):
        """Exit status and the line that tells most."""
        lines = [line for line in self.error_text().splitlines() if line.strip()]
        return f"exit status {self.process.returncode}, {next((line for line in lines if 'error' in line), lines[:1])!r}"

    def error_text(self):
        self.errors.flush()
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def readable(descriptor, end):
    return bool(select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0])


class Server(Process):
    """`martlet serve` on a free port of the loopback interface."""

    def __init__(self, *options):
        super().__init__("serve", "--host", "127.0.0.1", "--port", "0", *options)
        try:
            line = self.line().decode()
            found = re.search(r"(https?)://127\.0\.0\.1:(\d+)/", line)
            check(found, f"the first line of martlet serve has no address: {line!r}")
        except Failure:
            self.__exit__()
            raise
        self.scheme, self.port = found[1], int(found[2])
        self.authority = f"127.0.0.1:{self.port}"

    def connect(self, **options):
        return Wire(socket.create_connection(("127.0.0.1", self.port), DEADLINE), **options)

    def fill_in(self, data):
        """Puts the server's host and port where a request has `{authority}` or `{port}`."""
        return data.replace(b"{authority}", self.authority.encode()).replace(b"{port}", str(self.port).encode())

    def stop(self, by=signal.SIGTERM):
        self.end = time.monotonic() + DEADLINE
        self.process.send_signal(by)
        return self.exit_status()


@dataclass(frozen=True)
class Test:
    name: str
    requirements: tuple
    function: object
