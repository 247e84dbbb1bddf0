"""HTTP/1.1 messages as bytes: built for tests, and read strictly (RFC 9112)."""

import base64
import hashlib
import re
from dataclasses import dataclass

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+")


class NotHTTP(Exception):
    """The other side sent what is no correct HTTP message."""


def accept_value(key=KEY):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def request(target="/echo", *, method="GET", version="HTTP/1.1", host="{authority}", upgrade="websocket",
            connection="Upgrade", key=KEY, ws_version="13", extra=(), body=b""):
    """An opening handshake; None leaves a field out, a tuple repeats it. `{authority}` is filled in when it is sent."""
    fields = [("Host", host), ("Upgrade", upgrade), ("Connection", connection), ("Sec-WebSocket-Key", key),
              ("Sec-WebSocket-Version", ws_version)]
    lines = [f"{method} {target} {version}"]
    for name, value in fields:
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        lines += [f"{name}: {each}" for each in values]
    lines += extra
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def plain(target="/healthz", *, method="GET", extra=(), body=b""):
    """A request that has nothing to do with WebSocket."""
    return request(target, method=method, upgrade=None, connection=None, key=None, ws_version=None, extra=extra, body=body)


@dataclass(frozen=True)
class Head:
    start: str
    fields: tuple

    def all(self, name):
        return [value for known, value in self.fields if known.lower() == name.lower()]

    def one(self, name):
        """The value of a field that is there exactly once."""
        values = self.all(name)
        if len(values) != 1:
            raise NotHTTP(f"{len(values)} fields {name} instead of one in {self.start!r}")
        return values[0]


def parse_head(head):
    """Parses what ends in an empty line."""
    text = head.decode("latin-1")
    if not text.endswith("\r\n\r\n"):
        raise NotHTTP(f"head does not end in an empty line: {head[-40:]!r}")
    start, *lines = text[:-4].split("\r\n")
    if re.search(r"[\r\n\0]", "".join([start, *lines])):
        raise NotHTTP("CR, LF or NUL inside a line of the head")
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not TOKEN.fullmatch(name):
            raise NotHTTP(f"not a header field: {line!r}")
        fields.append((name, value.strip(" \t")))
    return Head(start, tuple(fields))


@dataclass(frozen=True)
class Response:
    status: int
    head: Head
    body: bytes


def read_response(wire, to_head=False):
    """One response of a server; a wire reads it."""
    head = parse_head(wire.read_until(b"\r\n\r\n"))
    found = re.fullmatch(r"HTTP/1\.1 (\d{3}) [\x20-\x7e]*", head.start)
    if not found:
        raise NotHTTP(f"not a status line of HTTP/1.1: {head.start!r}")
    status = int(found[1])
    if status < 200 or status == 204 or status == 304:
        if head.all("Content-Length") or head.all("Transfer-Encoding"):
            raise NotHTTP(f"{status} must not announce a body (RFC 9110 §8.6)")
        return Response(status, head, b"")
    if head.all("Transfer-Encoding"):
        raise NotHTTP("an unexpected Transfer-Encoding")
    length = head.one("Content-Length")
    if not re.fullmatch(r"\d+", length):
        raise NotHTTP(f"Content-Length {length!r}")
    return Response(status, head, b"" if to_head else wire.read(int(length)))
