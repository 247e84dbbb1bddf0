"""What a raw server plays to `martlet connect`, and its exact behaviour: sections A to D and G to M, client side.

Requests: what the client must send. Responses: every check of the answer. Frames: each case is played with every step in
one piece, byte by byte, and with its first step in the same segment as the 101.

In URLs and responses `{port}` stands for the server's port, in responses `{accept}` for the right answer to the key.
"""

from dataclasses import dataclass, field

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body
from frames import frame as any_frame
from utf8_samples import INVALID

MESSAGE_LIMIT = 64 << 20
FRAGMENT_LIMIT = 1 << 17


def frame(opcode, payload=b"", **options):
    """A server's frame: not masked."""
    return any_frame(opcode, payload, **{"key": None, **options})


# Requests.


@dataclass(frozen=True)
class RequestCase:
    """The client's request, beyond what every request must be. It is refused, and nothing may follow it."""
    name: str
    requirements: tuple
    url: str = "ws://127.0.0.1:{port}/"
    arguments: tuple = ()
    target: str = "/"
    host: str = "127.0.0.1:{port}"
    fields: dict = field(default_factory=dict)


REQUESTS = [
    RequestCase("§4.1: the plain request", requirements=(13, 23, 24, 25, 26, 27, 28, 29, 33, 39, 40, 41, 267, 273),
                fields={"Sec-WebSocket-Protocol": [], "Origin": [], "Authorization": []}),
    RequestCase("§3: a URL without a path asks for /", (3,), url="ws://127.0.0.1:{port}"),
    RequestCase("§3: a query without a path", (3,), url="ws://127.0.0.1:{port}?a=b", target="/?a=b"),
    RequestCase("§3: path and query", (3, 25), url="ws://127.0.0.1:{port}/a/b;c=d?e=f&g=h?i", target="/a/b;c=d?e=f&g=h?i"),
    RequestCase("§3: an empty query", (3,), url="ws://127.0.0.1:{port}/a?", target="/a?"),
    RequestCase("§3: dots in a path and escapes stay as they are", (3,), url="ws://127.0.0.1:{port}/%7Ea/%2F/b%20c", target="/%7Ea/%2F/b%20c"),
    RequestCase("§3: # is written %23", (2,), url="ws://127.0.0.1:{port}/a%23b", target="/a%23b"),
    RequestCase("§3: the scheme in any case", (1,), url="Ws://127.0.0.1:{port}/"),
    RequestCase("§3: the host in any case", (1, 26), url="WS://LOCALHOST:{port}/", host="localhost:{port}"),
    RequestCase("WHATWG §3.1: http: stands for ws:", (4, 8), url="http://127.0.0.1:{port}/x", target="/x"),
    RequestCase("RFC 8307: a well-known path", (9,), url="ws://127.0.0.1:{port}/.well-known/chat", target="/.well-known/chat"),
    RequestCase("§11.1.1: a path beyond ASCII is percent-encoded UTF-8", (7,), url="ws://127.0.0.1:{port}/grüße/世?q=é",
                target="/gr%C3%BC%C3%9Fe/%E4%B8%96?q=%C3%A9"),
    RequestCase("§4.1: one subprotocol", (34,), arguments=("--subprotocol", "chat.v1"), fields={"Sec-WebSocket-Protocol": ["chat.v1"]}),
    RequestCase("§4.1: subprotocols in order of preference", (34, 35), arguments=("--subprotocol", "b", "--subprotocol", "a"),
                fields={"Sec-WebSocket-Protocol": ["b, a"]}),
    RequestCase("§4.1: Origin as given", (32,), arguments=("--origin", "https://page.example"), fields={"Origin": ["https://page.example"]}),
    RequestCase("§4.1: cookies and other fields", (37,), arguments=("-H", "Cookie: a=b; c=d", "-H", "X-Token:  é"),
                fields={"Cookie": ["a=b; c=d"], "X-Token": ["é"]}),
    RequestCase("§4.1: the same field twice", (37,), arguments=("-H", "X-One: 1", "-H", "X-One: 2"), fields={"X-One": ["1", "2"]}),
    RequestCase("§10.5: user and password of the URL become Basic", (37, 56, 189), url="ws://user:p%40ss@127.0.0.1:{port}/",
                fields={"Authorization": ["Basic dXNlcjpwQHNz"]}),
    RequestCase("§10.5: credentials given as a field", (37, 189), arguments=("-H", "Authorization: Bearer abc"), fields={"Authorization": ["Bearer abc"]}),
]


@dataclass(frozen=True)
class NoRequestCase:
    """The client must not even connect: exit status 2 and a message."""
    name: str
    requirements: tuple
    url: str
    says: tuple
    arguments: tuple = ()
    status: int = 2


NO_REQUESTS = [
    NoRequestCase(f"§3: {url!r} is refused before anything is sent", requirements, url, (says,))
    for url, says, requirements in (
        ("ws://127.0.0.1:{port}/#fragment", "fragment", (2, 5)), ("ws://127.0.0.1:{port}#", "fragment", (2,)),
        ("ws://127.0.0.1:{port}/?a#b", "fragment", (2,)), ("127.0.0.1:{port}/", "scheme", (5,)), ("//127.0.0.1:{port}/", "scheme", (5,)),
        ("ftp://127.0.0.1:{port}/", "scheme", (5,)), ("wsss://127.0.0.1:{port}/", "scheme", (5,)), ("ws:127.0.0.1:{port}/", "scheme", (5,)),
        ("ws:///path", "host", (5,)), ("ws://:{port}/", "host", (5,)), ("ws://127.0.0.1:65536/", "port", (5,)), ("ws://127.0.0.1:0/", "port", (5,)),
        ("ws://127.0.0.1:-1/", "port", (5,)), ("ws://127.0.0.1:{port}x/", "port", (5,)), ("ws://127.0.0.1:{port}:1/", "port", (5,)),
        ("ws://[::1:{port}/", "host", (5,)), ("ws://[zz]:{port}/", "host", (5,)), ("ws://a b:{port}/", "host", (5, 22)),
        ("ws://127.0.0.1\r\nX: y:{port}/", "host", (5, 22)), ("ws://127.0.0.1:{port}/a b", "percent-encode", (5, 22)),
        ("ws://127.0.0.1:{port}/a\r\nX-Injected: 1", "percent-encode", (5, 22)), ("ws://127.0.0.1:{port}/a\nb", "percent-encode", (22,)),
        ("ws://127.0.0.1:{port}/?a\tb", "percent-encode", (22,)), ("ws://127.0.0.1:{port}/\x7f", "percent-encode", (22,)),
        ("ws://a%0d%0ab@127.0.0.1:{port}/", "user", (5, 22)), ("ws://a%zz@127.0.0.1:{port}/", "user", (5,)),
        ("ws://bücher.invalid:{port}/", "punycode", (5, 6)))
] + [
    NoRequestCase("§3: ws: without a port means 80", (1, 15, 157), "ws://nowhere.invalid/", ("nowhere.invalid", "port 80")),
    NoRequestCase("§3: wss: without a port means 443", (1, 15), "wss://nowhere.invalid/", ("nowhere.invalid", "port 443")),
    NoRequestCase("§3: http: and https: have the same default ports", (1, 8), "https://nowhere.invalid/", ("nowhere.invalid", "port 443")),
] + [
    NoRequestCase(f"§4.1: -H {header!r} would change the handshake", (38,), "ws://127.0.0.1:{port}/", ("belongs to the handshake",), ("-H", header))
    for header in ("Host: evil.example", "hOsT: evil.example", "Upgrade: h2c", "Connection: close", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                   "Sec-WebSocket-Version: 8", "Sec-WebSocket-Accept: x", "Sec-WebSocket-Protocol: x", "Sec-WebSocket-Extensions: permessage-deflate",
                   "Sec-WebSocket-Future: x", "Content-Length: 5", "Transfer-Encoding: chunked")
] + [
    NoRequestCase(f"RFC 9110 §5.5: -H {header!r} is no header field", (22, 38, 92), "ws://127.0.0.1:{port}/", ("-H",), ("-H", header), 64)
    for header in ("X: a\r\nY: b", "X: a\nb", "X Y: a", "X\r\n: a", ": a", "no colon", "X: a\x01b")
] + [
    NoRequestCase("RFC 9110 §5.5: an Origin with a line break", (22, 38), "ws://127.0.0.1:{port}/", ("--origin",), ("--origin", "http://a\r\nX: y"), 64),
] + [
    NoRequestCase(f"§4.1: the subprotocols {names} can't be offered", (35,), "ws://127.0.0.1:{port}/", ("subprotocol",),
                  tuple(part for name in names for part in ("--subprotocol", name)))
    for names in (("a", "a"), ("",), ("a b",), ("a,b",), ("a/b",), ("caf\xe9",), ("a\r\nX: y",), ('"a"',))
]


# Responses.


@dataclass(frozen=True)
class ResponseCase:
    name: str
    requirements: tuple
    response: bytes
    # What standard error must name; None where the connection must come about.
    says: tuple | None = None
    arguments: tuple = ()


def switching(upgrade="websocket", connection="Upgrade", accept="{accept}", extra=(), start="HTTP/1.1 101 Switching Protocols"):
    """A 101; None leaves a field out, a tuple repeats it."""
    lines = [start]
    for name, value in (("Upgrade", upgrade), ("Connection", connection), ("Sec-WebSocket-Accept", accept)):
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        lines += [f"{name}: {each}" for each in values]
    return "\r\n".join([*lines, *extra]).encode("latin-1") + b"\r\n\r\n"


def http(status, *fields, body=b"the body says why\n"):
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]).encode() + b"\r\n\r\n" + body


OFFER = ("--subprotocol", "chat", "--subprotocol", "Log")
ACCEPTED = [
    ResponseCase(f"§4.1: {what} is accepted", requirements, response, arguments=arguments)
    for what, requirements, response, arguments in (
        ("the plain 101", (43, 44, 45), switching(), ()),
        ("another reason phrase", (42,), switching(start="HTTP/1.1 101 Go"), ()),
        ("an empty reason phrase", (42,), switching(start="HTTP/1.1 101 "), ()),
        ("Upgrade: WebSocket", (43,), switching(upgrade="WebSocket"), ()),
        ("Upgrade: WEBSOCKET", (43,), switching(upgrade="WEBSOCKET"), ()),
        ("Connection: upgrade", (44,), switching(connection="upgrade"), ()),
        ("Connection: keep-alive, Upgrade", (44,), switching(connection="keep-alive, Upgrade"), ()),
        ("Connection over two lines", (44,), switching(connection=("keep-alive", "UPGRADE")), ()),
        ("white space around Sec-WebSocket-Accept", (45,), switching(accept=" \t {accept} \t "), ()),
        ("field names in any case", (43, 44, 45), switching().replace(b"Upgrade:", b"uPGRADE:").replace(b"Sec-WebSocket-A", b"sec-websocket-a"), ()),
        ("unknown fields and cookies", (69,), switching(extra=("Server: x", "Set-Cookie: a=b", "Set-Cookie: c=d", "X: \xe9")), ()),
        ("an offered subprotocol", (48, 81), switching(extra=("Sec-WebSocket-Protocol: chat",)), OFFER),
        ("the other offered subprotocol", (48,), switching(extra=("Sec-WebSocket-Protocol: Log",)), OFFER),
        ("none of the offered subprotocols, as RFC 6455 allows,", (50,), switching(), OFFER),
        ("a 100 before the 101", (42,), b"HTTP/1.1 100 Continue\r\n\r\n" + switching(), ()),
        ("a 103 before the 101", (42,), b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switching(), ()),
    )
]

# Every refusal names the failed check on standard error.
FAILED_CHECKS = [
    ResponseCase(f"§4.1: {what}: not a WebSocket", requirements, response, (says,), arguments)
    for what, requirements, says, response, arguments in (
        ("no Upgrade", (43, 268), "Upgrade", switching(upgrade=None), ()),
        ("an empty Upgrade", (43,), "Upgrade", switching(upgrade=""), ()),
        ("Upgrade: websockets", (43,), "Upgrade", switching(upgrade="websockets"), ()),
        ("Upgrade: h2c", (43, 269), "Upgrade", switching(upgrade="h2c"), ()),
        ("Upgrade: h2c, websocket", (43,), "Upgrade", switching(upgrade="h2c, websocket"), ()),
        ("Upgrade: websocket/13", (43,), "Upgrade", switching(upgrade="websocket/13"), ()),
        ("Upgrade over two lines", (43,), "Upgrade", switching(upgrade=("websocket", "h2c")), ()),
        ("Upgrade in a look-alike letter", (43,), "Upgrade", switching(upgrade="web\xdfocket"), ()),
        ("no Connection", (44,), "Connection", switching(connection=None), ()),
        ("an empty Connection", (44,), "Connection", switching(connection=""), ()),
        ("Connection: keep-alive", (44,), "Connection", switching(connection="keep-alive"), ()),
        ("Connection: close", (44,), "Connection", switching(connection="close"), ()),
        ("Connection: Upgraded", (44,), "Connection", switching(connection="Upgraded"), ()),
        ("Connection: websocket", (44,), "Connection", switching(connection="websocket"), ()),
        ("no Sec-WebSocket-Accept", (45,), "Sec-WebSocket-Accept", switching(accept=None), ()),
        ("an empty Sec-WebSocket-Accept", (45,), "Sec-WebSocket-Accept", switching(accept=""), ()),
        ("the answer to another key", (45,), "Sec-WebSocket-Accept", switching(accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), ()),
        ("the key itself as the answer", (45,), "Sec-WebSocket-Accept", switching(accept="{key}"), ()),
        ("the right answer in other letters", (45,), "Sec-WebSocket-Accept", switching(accept="{swapped}"), ()),
        ("the right answer without its padding", (45,), "Sec-WebSocket-Accept", switching(accept="{unpadded}"), ()),
        ("the right answer in quotes", (45,), "Sec-WebSocket-Accept", switching(accept='"{accept}"'), ()),
        ("the right answer and more", (45,), "Sec-WebSocket-Accept", switching(accept="{accept}, x"), ()),
        ("the right answer twice", (46,), "Sec-WebSocket-Accept", switching(accept=("{accept}", "{accept}")), ()),
        ("a right and a wrong answer", (46,), "Sec-WebSocket-Accept", switching(accept=("{accept}", "x")), ()),
        ("permessage-deflate that was not offered", (47, 179), "extension", switching(extra=("Sec-WebSocket-Extensions: permessage-deflate",)), ()),
        ("an unknown extension", (47, 179), "extension", switching(extra=("Sec-WebSocket-Extensions: x-unknown; a=b",)), ()),
        ("extensions over two lines", (47, 51), "extension", switching(extra=("Sec-WebSocket-Extensions: a", "Sec-WebSocket-Extensions: b")), ()),
        ("a subprotocol where none was offered", (48,), "subprotocol", switching(extra=("Sec-WebSocket-Protocol: chat",)), ()),
        ("a subprotocol that was not offered", (48,), "subprotocol", switching(extra=("Sec-WebSocket-Protocol: other",)), OFFER),
        ("an offered subprotocol in other letters", (48,), "subprotocol", switching(extra=("Sec-WebSocket-Protocol: CHAT",)), OFFER),
        ("an empty subprotocol", (48, 82), "subprotocol", switching(extra=("Sec-WebSocket-Protocol:",)), OFFER),
        ("two subprotocols in one line", (48,), "subprotocol", switching(extra=("Sec-WebSocket-Protocol: chat, Log",)), OFFER),
        ("two subprotocol lines", (49,), "Sec-WebSocket-Protocol", switching(extra=("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: Log")), OFFER),
        ("the same subprotocol line twice", (49,), "Sec-WebSocket-Protocol", switching(extra=("Sec-WebSocket-Protocol: chat",) * 2), OFFER),
    )
]

NOT_HTTP = [
    ResponseCase(f"§4.1: {what}: not a WebSocket", requirements, response, ())
    for what, requirements, response in (
        ("an answer in HTTP/1.0", (52,), switching(start="HTTP/1.0 101 Switching Protocols")),
        ("an answer in HTTP/2.0", (52,), switching(start="HTTP/2.0 101 Switching Protocols")),
        ("an answer in another protocol", (52,), switching(start="ICY 101 OK")),
        ("a status of two digits", (52,), switching(start="HTTP/1.1 10 Switching Protocols")),
        ("a status of four digits", (52,), switching(start="HTTP/1.1 1010 Switching Protocols")),
        ("frames without an answer", (52, 273), frame(TEXT, "hello")),
        ("the client's own request sent back", (52,), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a TLS record", (52,), b"\x15\x03\x01\x00\x02\x02\x28"),
        ("an obsolete line folding", (52, 277), switching(upgrade="\r\n websocket")),
        ("a NUL in a value", (52, 277), switching(extra=("X: a\0b",))),
        ("a bare CR in a value", (52, 277), switching(extra=("X: a\rb",))),
        ("a space before a colon", (52, 277), switching().replace(b"Upgrade:", b"Upgrade :")),
        ("a line without a colon", (52, 277), switching(extra=("no colon",))),
        ("a field of over 16 KiB", (54,), switching(extra=("X: " + "x" * 17_000,))),
        ("a head of over 16 KiB", (54,), switching(extra=tuple(f"X{n}: " + "x" * 1000 for n in range(17)))),
        ("a field that never ends", (54,), switching()[:-2] + b"X: " + b"x" * 40_000),
        ("a reason phrase that never ends", (54,), b"HTTP/1.1 101 " + b"x" * 40_000),
        ("over 100 fields", (54,), switching(extra=tuple(f"X{n}: x" for n in range(100)))),
    )
]

REFUSALS = [
    ResponseCase(f"§4.1: status {status} is shown with its body and fields", (42, 55, 57),
                 http(status, *fields), (f"HTTP {status[:3]}", "the body says why", *says))
    for status, fields, says in (
        ("200 OK", (), ()), ("301 Moved Permanently", ("Location: ws://127.0.0.1:{port}/other",), ("/other",)),
        ("302 Found", ("Location: ws://127.0.0.1:{port}/other",), ("/other",)), ("307 Temporary Redirect", ("Location: /other",), ("/other",)),
        ("308 Permanent Redirect", ("Location: /other",), ("/other",)), ("400 Bad Request", ("Sec-WebSocket-Version: 13, 8",), ("13, 8",)),
        ("401 Unauthorized", ('WWW-Authenticate: Basic realm="x"',), ("Basic realm",)), ("403 Forbidden", (), ()), ("404 Not Found", (), ()),
        ("407 Proxy Authentication Required", ("Proxy-Authenticate: Basic",), ()), ("426 Upgrade Required", ("Sec-WebSocket-Version: 8, 7", "Upgrade: websocket"), ("8, 7",)),
        ("429 Too Many Requests", ("Retry-After: 1",), ("Retry-After",)), ("500 Internal Server Error", (), ()), ("503 Service Unavailable", (), ()))
] + [
    ResponseCase("§4.1: a chunked refusal is shown", (42,), b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nlo\n\r\n4\r\nst!\n\r\n0\r\n\r\n",
                 ("HTTP 404", "lo", "st!")),
    ResponseCase("§4.1: a refusal without a body", (42,), b"HTTP/1.1 204 No Content\r\n\r\n", ("HTTP 204",)),
    ResponseCase("§5.5.1: control characters of a refusal do not reach the terminal", (42, 125), http("403 Forbidden", body=b"\x1b[31mred\x07\n"), ("red", "\\u{1b}")),
    ResponseCase("§4.1: a refusal that looks accepted in all but its status", (42,), switching(start="HTTP/1.1 200 OK", extra=("Content-Length: 0",)), ("HTTP 200",)),
]

RESPONSES = ACCEPTED + FAILED_CHECKS + NOT_HTTP + REFUSALS


# Frames.


@dataclass(frozen=True)
class Sends:
    data: bytes


@dataclass(frozen=True)
class Prints:
    line: str


@dataclass(frozen=True)
class Types:
    line: bytes


@dataclass(frozen=True)
class Gets:
    opcode: int
    payload: bytes


@dataclass(frozen=True)
class StaysOpen:
    """At the end of its input the client closes with 1000 and ends with status 0."""


@dataclass(frozen=True)
class Fails:
    """The client sends Close with this code, closes, and ends with status 1 and the code on standard error."""
    code: int


@dataclass(frozen=True)
class Answers:
    """The client answers the server's Close with this body and waits for the server to close; then this status."""
    body: bytes
    status: int
    says: str = ""


@dataclass(frozen=True)
class FrameCase:
    name: str
    requirements: tuple
    steps: tuple
    ends: object


def case(name, *steps, ends=StaysOpen(), requirements):
    return FrameCase(name, requirements, steps, ends)


def fails(name, data, code, *requirements):
    return case(name, Sends(data + AFTERWARDS), ends=Fails(code), requirements=requirements)


# What must not be answered any more once a rule was broken.
AFTERWARDS = frame(PING, b"late") + frame(TEXT, b"late") + frame(CLOSE, close_body(1000))

MASKED = [
    fails(f"§5.1: a masked {kind} fails", any_frame(opcode, payload, key=key), 1002, 96, 160)
    for kind, opcode, payload, key in (("text frame", TEXT, b"hello", b"\1\2\3\4"), ("text frame with a key of zeros", TEXT, b"hello", bytes(4)),
                                       ("empty binary frame", BINARY, b"", b"\1\2\3\4"), ("ping", PING, b"p", b"\1\2\3\4"),
                                       ("pong", PONG, b"", b"\1\2\3\4"), ("close", CLOSE, close_body(1000), b"\1\2\3\4"))
] + [
    case("§5.1: two bytes are enough to see that a frame is masked", Sends(any_frame(TEXT, b"hello")[:2]), ends=Fails(1002), requirements=(96,)),
]

FRAMING = [
    fails(f"§5.2: reserved bits {rsv:03b} on a {kind} frame fail", frame(opcode, b"", rsv=rsv), 1002, 97)
    for rsv in (1, 2, 4, 7) for kind, opcode in (("text", TEXT), ("ping", PING))
] + [
    fails(f"§5.2: reserved opcode {opcode:#x} fails", frame(opcode, b"x"), 1002, 98) for opcode in (3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF)
] + [
    fails(f"§5.2: length {length} in {width} bits is not minimal", frame(BINARY, b"x" * length, width=width), 1002, 100)
    for width, length in ((16, 0), (16, 125), (64, 0), (64, 125), (64, 126), (64, 65535))
] + [
    fails(f"§5.2: 64-bit length {length:#x} has its top bit set", frame(BINARY, length=length), 1002, 99, 102) for length in (1 << 63, (1 << 64) - 1)
] + [
    case(f"§10.4: the header of a frame of {length} bytes is too much", Sends(frame(BINARY, length=length)), ends=Fails(1009), requirements=(102, 119, 188))
    for length in (MESSAGE_LIMIT + 1, (1 << 32) - 1, 1 << 32, (1 << 63) - 1)
] + [
    case("§10.4: the sum of fragments counts, too", Sends(frame(TEXT, b"0123456789", fin=False) + frame(CONTINUATION, length=MESSAGE_LIMIT - 9)),
         ends=Fails(1009), requirements=(119,)),
    case("§10.4: a sum of lengths that overflows", Sends(frame(TEXT, b"0123456789", fin=False) + frame(CONTINUATION, length=(1 << 63) - 1)),
         ends=Fails(1009), requirements=(102, 119)),
    case("§10.4: too many empty fragments", Sends(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * FRAGMENT_LIMIT), ends=Fails(1008),
         requirements=(118, 187)),
    case("§10.4: as many as allowed", Sends(frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * (FRAGMENT_LIMIT - 2) + frame(CONTINUATION, b"end")),
         Prints("end"), requirements=(117, 118)),
]

RECEIVED = [
    case(f"§5.2: a text message of {size} bytes is printed", Sends(frame(TEXT, b"m" * size)), Prints("m" * size), requirements=(101, 110, 146))
    for size in (0, 1, 125, 126, 65535, 65536, 70000)
] + [
    case(f"§5.2: a binary message of {size} bytes is printed in hexadecimal", Sends(frame(BINARY, data)), Prints("binary " + data.hex()),
         requirements=(101, 135, 146))
    for size in (1, 126, 65536) for data in [(bytes(range(256)) * 256)[:size]]
] + [
    case("§5.5.1: control characters of a message do not reach the terminal", Sends(frame(TEXT, "\x1b[31mred\r\nnext\u202e\\")),
         Prints("\\u{1b}[31mred\\r\\nnext\\u{202e}\\\\"), requirements=(125,)),
    case("§5.4: fragments make one message", Sends(frame(TEXT, b"hel", fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION, b"lo")),
         Prints("hello"), requirements=(110, 117, 142)),
    case("§5.4: a ping between fragments is answered before the message ends", Sends(frame(TEXT, b"hel", fin=False) + frame(PING, b"now")),
         Gets(PONG, b"now"), Sends(frame(CONTINUATION, b"lo")), Prints("hello"), requirements=(111, 130)),
    case("§6.2: many messages in one segment keep their order", Sends(b"".join(frame(TEXT, b"message %d" % n) for n in range(50))),
         *(Prints(f"message {n}") for n in range(50)), requirements=(114, 148)),
    case("§5.5.3: unsolicited pongs are ignored", Sends(frame(PONG) + frame(PONG, b"12345678") + frame(PONG, b"p" * 125) + frame(PING, b"?")), Gets(PONG, b"?"),
         requirements=(132,)),
] + [
    case(f"§5.5.3: a ping of {size} bytes is answered with the same", Sends(frame(PING, bytes(range(size)))), Gets(PONG, bytes(range(size))),
         requirements=(93, 122, 130)) for size in (0, 1, 8, 125)
]

SENT = [
    case(f"§5.2: a line of {len(line)} bytes goes out as one masked text message", Types(line), Gets(TEXT, line), requirements=(93, 100, 101, 142, 143))
    for line in (b"", b"x", b"h" * 125, b"h" * 126, b"h" * 127, b"h" * 65535, b"h" * 65536, "grüße 世界 𝄞".encode())
] + [
    case("§5.4: lines go out in order", *(step for n in range(20) for step in (Types(b"%d" % n), Gets(TEXT, b"%d" % n))), requirements=(115, 143)),
    case("§5.4: a line typed in the middle of a received message goes out at once", Sends(frame(TEXT, b"hel", fin=False)), Types(b"mine"), Gets(TEXT, b"mine"),
         Sends(frame(CONTINUATION, b"lo")), Prints("hello"), requirements=(114, 143)),
]

ORDER = [
    fails("§5.4: a continuation without a start fails", frame(CONTINUATION, b"x"), 1002, 113),
    case("§5.4: a continuation behind a finished message fails", Sends(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b")), Prints("ab"),
         Sends(frame(CONTINUATION, b"c") + AFTERWARDS), ends=Fails(1002), requirements=(113,)),
    fails("§5.4: a text frame inside a message fails", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002, 113),
    fails("§5.4: a binary frame inside a message fails", frame(TEXT, b"a", fin=False) + frame(BINARY, b"b", fin=False), 1002, 113),
    fails("§5.5: a fragmented ping fails", frame(PING, b"x", fin=False), 1002, 112),
    fails("§5.5: a fragmented close fails", frame(CLOSE, close_body(1000), fin=False), 1002, 112),
    fails("§5.5: a ping of 126 bytes fails", frame(PING, b"p" * 126), 1002, 122),
    fails("§5.5: a pong of 126 bytes fails", frame(PONG, b"p" * 126), 1002, 122),
    fails("§5.5: a close of 126 bytes fails", frame(CLOSE, close_body(1000, "r" * 124)), 1002, 122),
]

TEXTS = [
    case("§8.1: text at the edges of UTF-8 is printed", Sends(b"".join(frame(TEXT, "é" + chr(code) + "€𝄞") for code in (0xA0, 0x7C0, 0x800, 0xD7A3))),
         *(Prints("é" + chr(code) + "€𝄞") for code in (0xA0, 0x7C0, 0x800, 0xD7A3)), requirements=(135,)),
    case("§8.1: fragments may split a character", Sends(b"".join([frame(TEXT, fin=False)] + [frame(CONTINUATION, bytes([byte]), fin=False) for byte in "€𝄞".encode()]
         + [frame(CONTINUATION)])), Prints("€𝄞"), requirements=(117, 135)),
] + [
    case(f"§8.1: {name} fails at its first bad byte, in a frame that is still arriving", Sends(frame(TEXT, b"fine " + bad[:first + 1], length=1000)),
         ends=Fails(1007), requirements=(136, 137)) for name, bad, first in INVALID
] + [
    fails("§8.1: text that ends inside a character fails", frame(TEXT, b"caf\xc3"), 1007, 135, 136),
    fails("§8.1: a close reason that is not UTF-8 fails", frame(CLOSE, close_body(1000, b"\xff")), 1007, 124),
    fails("§8.1: a close reason that ends inside a character fails", frame(CLOSE, close_body(1000, b"\xe2\x82")), 1007, 124),
]

CLOSES = [
    case(f"§7.4: close code {code} is answered with itself; it is an ordinary end", Sends(frame(CLOSE, close_body(code, "bye"))),
         ends=Answers(close_body(code), 0), requirements=(93, 127, 151, 153)) for code in (1000, 1001)
] + [
    case("§5.5.1: a close without a code is answered without one", Sends(frame(CLOSE)), ends=Answers(b"", 0), requirements=(123, 127, 155)),
] + [
    case(f"§7.4: close code {code} is answered with itself and reported", Sends(frame(CLOSE, close_body(code, "because"))),
         ends=Answers(close_body(code), 1, str(code)), requirements=(127, 155, 156, 171, 172))
    for code in (1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
] + [
    fails(f"§7.4: close code {code} must not be on the wire", frame(CLOSE, close_body(code)), 1002, 169, 170)
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1099, 1100, 1999, 2000, 2999, 5000, 5001, 65535)
] + [
    fails("§5.5.1: a close body of one byte fails", frame(CLOSE, b"\x03"), 1002, 123),
    case("§5.5.1: a close reason is escaped before it is shown", Sends(frame(CLOSE, close_body(4000, "\x1b[31mred"))),
         ends=Answers(close_body(4000), 1, "[31mred"), requirements=(125, 156)),
    case("§5.5.1: messages before a close are printed, what follows is not", Sends(frame(TEXT, b"last") + frame(CLOSE, close_body(1000)) + frame(TEXT, b"late")),
         Prints("last"), ends=Answers(close_body(1000), 0), requirements=(127, 146)),
    case("§5.5.1: a close in the middle of a message", Sends(frame(TEXT, b"half", fin=False) + frame(CLOSE, close_body(1001))),
         ends=Answers(close_body(1001), 0), requirements=(111, 127)),
]

FRAMES = MASKED + FRAMING + RECEIVED + SENT + ORDER + TEXTS + CLOSES
