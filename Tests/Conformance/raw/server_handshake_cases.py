"""Requests to `martlet serve` and its exact answers: RFC 6455 §4.2, RFC 9110 §7.8, RFC 9112; sections E, F and U.

Every case is played whole and byte by byte. After an answer that does not close the connection, the connection must still
serve a plain request and then an upgrade with an echo; after one that does, the stream must end. `{authority}` and
`{port}` stand for the server's own.
"""

from dataclasses import dataclass, field

from http1 import KEY, plain, request


@dataclass(frozen=True)
class Wanted:
    status: int
    says: tuple = ()
    fields: dict = field(default_factory=dict)
    closes: bool = False
    body: bytes | None = None
    key: str = KEY
    to_head: bool = False


@dataclass(frozen=True)
class HandshakeCase:
    name: str
    request: bytes
    responses: tuple
    requirements: tuple


SWITCHES = Wanted(101)
UPGRADE_REQUIRED = Wanted(426, fields={"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"})
HEALTHY = Wanted(200, body=b"ok\n")
BAD_AND_CLOSED = Wanted(400, closes=True)
TOO_LARGE = Wanted(431, closes=True)


def bad(*says):
    return Wanted(400, says=says)


def case(name, request, *responses, requirements):
    return HandshakeCase(name, request, responses, requirements)


def edited(old, new, data=None):
    """A correct request with one place changed into something incorrect."""
    data = request() if data is None else data
    assert data.count(old) == 1, (old, data)
    return data.replace(old, new)


ACCEPTED = [
    case("§4.2.2: a correct handshake is answered with 101 and the right Sec-WebSocket-Accept", request(), SWITCHES,
         requirements=(58, 80, 84, 85, 86, 87, 88, 268)),
    case("§1.3: the RFC's own example", request(key="dGhlIHNhbXBsZSBub25jZQ=="), SWITCHES, requirements=(63, 87)),
    case("§4.2.1: a key of 16 zero bytes", request(key="AAAAAAAAAAAAAAAAAAAAAA=="), Wanted(101, key="AAAAAAAAAAAAAAAAAAAAAA=="),
         requirements=(63, 87)),
    case("§4.2.1: a key with + and /", request(key="+/+/+/+/+/+/+/+/+/+/+w=="), Wanted(101, key="+/+/+/+/+/+/+/+/+/+/+w=="),
         requirements=(63, 87)),
] + [
    case(f"erratum 3150: a key whose pad bits are not zero ({key}) is accepted, and answered as it stands",
         request(key=key), Wanted(101, key=key), requirements=(64, 87))
    for key in ("AQIDBAUGBwgJCgsMDQ4PEC==", "AAAAAAAAAAAAAAAAAAAAAB==", "AAAAAAAAAAAAAAAAAAAAAP==")
] + [
    case(f"§4.2.1: Upgrade: {shown} is accepted", request(upgrade=value), SWITCHES, requirements=(61, 69, 271))
    for shown, value in (("WebSocket", "WebSocket"), ("WEBSOCKET", "WEBSOCKET"), ("a list with h2c before it", "h2c, websocket"),
                         ("a list with spaces and tabs", "foo/2 ,\twebsocket ,bar"), ("empty list members", ",, websocket,"),
                         ("two lines", ("foo", "websocket")))
] + [
    case(f"§4.2.1: Connection: {shown} is accepted", request(connection=value), SWITCHES, requirements=(62,))
    for shown, value in (("upgrade", "upgrade"), ("UPGRADE", "UPGRADE"), ("keep-alive, Upgrade", "keep-alive, Upgrade"),
                         ("Upgrade,keep-alive", "Upgrade,keep-alive"), ("empty list members", " ,, Upgrade ,"),
                         ("two lines", ("keep-alive", "Upgrade")), ("three lines", ("a", "Upgrade, b", "c")))
] + [
    case(f"§4.2.1: {what} is accepted", request(**options), SWITCHES, requirements=requirements)
    for what, options, requirements in (
        ("an unknown header field", {"extra": ("X-Whatever: anything; at=all", "Unknown:")}, (69,)),
        ("a cookie, credentials and a user agent", {"extra": ("Cookie: a=b; c=d", "Authorization: Basic eDp5", "User-Agent: x")}, (37, 67)),
        ("a field value in obs-text", {"extra": ("X-Name: \xe9\xff",)}, (69,)),
        ("a field name that looks like one of ours", {"extra": ("Sec-WebSocket-Keys: x", "XSec-WebSocket-Key: y")}, (69,)),
        ("a query", {"target": "/echo?a=b&c=%20d"}, (3, 80)),
        ("an absolute request target", {"target": "http://{authority}/echo"}, (25,)),
        ("Content-Length: 0", {"extra": ("Content-Length: 0",)}, (70,)),
        ("no Origin", {}, (66,)),
        ("an offer of one subprotocol, answered without any,", {"extra": ("Sec-WebSocket-Protocol: chat",)}, (67, 81, 82)),
        ("an offer of subprotocols over two lines", {"extra": ("Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Protocol: c")}, (68, 82)),
        ("an offer of permessage-deflate, declined by silence,", {"extra": ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",)}, (83, 195)),
        ("an offer of extensions nobody knows over two lines",
         {"extra": ("Sec-WebSocket-Extensions: x-one; a=\"b\"", "Sec-WebSocket-Extensions: x-two")}, (68, 83)),
        ("HTTP2-Settings beside Upgrade: h2c, websocket", {"upgrade": "h2c, websocket", "connection": "Upgrade, HTTP2-Settings",
                                                            "extra": ("HTTP2-Settings: AAMAAABkAAQAAP__",)}, (69, 269)),
    )
] + [
    case("RFC 9112 §5: field names in any case", request().replace(b"Upgrade: w", b"uPgRaDe: w").replace(b"Sec-WebSocket-Key", b"SEC-WEBSOCKET-KEY")
         .replace(b"Sec-WebSocket-Version", b"sec-websocket-version").replace(b"Host:", b"host:").replace(b"Connection:", b"CONNECTION:"),
         SWITCHES, requirements=(61, 62, 63, 65)),
    case("RFC 9112 §5.1: no space, and many, behind a colon",
         request().replace(b"Upgrade: w", b"Upgrade:w").replace(b"Key: ", b"Key: \t  ").replace(b"Version: 13", b"Version:13 \t"),
         SWITCHES, requirements=(61, 63, 65)),
    case("RFC 9112 §2.2: one empty line before the request is passed over", b"\r\n" + request(), SWITCHES, requirements=(58,)),
    case("RFC 9110 §10.1.1: Expect: 100-continue is answered with 100, then 101", request(extra=("Expect: 100-continue",)),
         Wanted(100), SWITCHES, requirements=(272,)),
    case("RFC 9110 §10.1.1: Expect: 100-Continue in other letters", request(extra=("Expect: 100-Continue",)), Wanted(100), SWITCHES, requirements=(272,)),
]

ORIGINS = [
    case(f"§10.2: Origin: {origin} is our own", request(extra=(f"Origin: {origin}",)), SWITCHES, requirements=(76, 77))
    for origin in ("http://{authority}", "HTTP://{authority}")
] + [
    case("§10.2: Origin without the default port matches Host without it", request(host="example.com", extra=("Origin: http://example.com",)),
         SWITCHES, requirements=(76, 77)),
    case("§10.2: Origin without the default port matches Host with it", request(host="example.com:80", extra=("Origin: http://EXAMPLE.com",)),
         SWITCHES, requirements=(76, 77)),
] + [
    case(f"§10.2: Origin: {origin} is not ours", request(host=host, extra=(f"Origin: {origin}",)), Wanted(403, says=("origin",)),
         requirements=(75, 76, 77, 183))
    for host, origin in (
        ("{authority}", "null"), ("{authority}", ""), ("{authority}", "http://evil.example"), ("{authority}", "https://{authority}"),
        ("{authority}", "ws://{authority}"), ("{authority}", "http://127.0.0.1"), ("{authority}", "http://127.0.0.1:1"),
        ("{authority}", "http://{authority}.evil.example"), ("{authority}", "http://evil{authority}"), ("{authority}", "http://{authority}/"),
        ("{authority}", "http://{authority}/page"), ("{authority}", "http://user@{authority}"), ("{authority}", "{authority}"),
        ("{authority}", "http://{authority} http://evil.example"), ("{authority}", "http://localhost:{port}"),
        ("{authority}", "http://[::1]:{port}"), ("{authority}", "file://"),
        ("example.com", "http://evilexample.com"), ("example.com", "http://example.com.evil.org"), ("example.com", "http://sub.example.com"),
        ("example.com", "http://example.com:8080"), ("example.com:8080", "http://example.com"), ("example.com", "https://example.com"),
        ("sub.example.com", "http://example.com"), ("example.com", "http://example.com."), ("example.com", "http://example.com:80:80"))
] + [
    case("§10.2: two Origin lines are none", request(extra=("Origin: http://{authority}", "Origin: http://evil.example")), bad("Origin"),
         requirements=(58, 77)),
]

NOT_AN_UPGRADE = [
    case("RFC 9110 §15.5.22: a plain GET of /echo is told to upgrade", plain("/echo"), UPGRADE_REQUIRED, requirements=(79, 274)),
    case("§4.2.1: no Upgrade at all", request(upgrade=None), UPGRADE_REQUIRED, requirements=(61, 79, 274)),
    case("§4.2.1: Upgrade: h2c is ignored", request(upgrade="h2c"), UPGRADE_REQUIRED, requirements=(61, 269)),
    case("§4.2.1: Upgrade: websockets is another word", request(upgrade="websockets"), UPGRADE_REQUIRED, requirements=(61, 269)),
    case("§4.2.1: Upgrade: web socket is two words", request(upgrade="web socket"), UPGRADE_REQUIRED, requirements=(61, 269)),
    case("RFC 9110 §7.8: Upgrade: websocket/13 is another protocol", request(upgrade="websocket/13"), UPGRADE_REQUIRED, requirements=(61, 269)),
    case("an empty Upgrade", request(upgrade=""), UPGRADE_REQUIRED, requirements=(61,)),
    case("RFC 9110 §7.8: the obsolete h2c upgrade is ignored, /healthz is served",
         plain("/healthz", extra=("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")), HEALTHY,
         requirements=(69, 269)),
    case("RFC 9110 §7.8: Upgrade in HTTP/1.0 is ignored", request(version="HTTP/1.0"),
         Wanted(426, fields={"Upgrade": "websocket", "Connection": "close, Upgrade", "Sec-WebSocket-Version": "13"}, closes=True), requirements=(59, 270)),
    case("RFC 9110 §7.8: Upgrade in HTTP/1.0 on a kept-alive connection is ignored", request(version="HTTP/1.0", connection="Upgrade, keep-alive"),
         UPGRADE_REQUIRED, requirements=(59, 270)),
    case("a plain request beside WebSocket", plain(), HEALTHY, requirements=(91,)),
    case("RFC 9110 §9.3.2: HEAD has the fields and no body", plain(method="HEAD"), Wanted(200, to_head=True), requirements=(91,)),
]

REFUSED = [
    case("§4.2.1: no Connection", request(connection=None), bad("Connection"), requirements=(62, 191)),
] + [
    case(f"§4.2.1: Connection: {value} has no Upgrade", request(connection=value), bad("Connection"), requirements=(62,))
    for value in ("keep-alive", "Upgraded", "Up grade", "X-Upgrade", "")
] + [
    case("§4.2.1: no Sec-WebSocket-Key", request(key=None), bad("Sec-WebSocket-Key"), requirements=(63, 191)),
    case("§11.3.1: two keys", request(key=(KEY, "AAAAAAAAAAAAAAAAAAAAAA==")), bad("Sec-WebSocket-Key"), requirements=(63,)),
    case("§11.3.1: the same key twice", request(key=(KEY, KEY)), bad("Sec-WebSocket-Key"), requirements=(63,)),
] + [
    case(f"§4.2.1: a key {what}", request(key=key), bad("Sec-WebSocket-Key"), requirements=(63,))
    for what, key in (("that is empty", ""), ("of 15 bytes", "AAAAAAAAAAAAAAAAAAAA"), ("of 17 bytes", "AAAAAAAAAAAAAAAAAAAAAAA="),
                      ("of 18 bytes", "A" * 24), ("without padding", KEY[:-2]), ("with half its padding", KEY[:-1]),
                      ("with too much padding", KEY + "="), ("with a character outside base64", "dGhlIHNhbXBsZSBub25jZ*=="),
                      ("in base64url", "-_-_-_-_-_-_-_-_-_-_-w=="), ("with a space inside", "dGhlIHNhbXBs ZSBub25jZQ=="),
                      ("with padding inside", "dGhlIHNh=XBsZSBub25jZQ=="), ("in hexadecimal", "74686520736d706c65206e6f6e6365ff"),
                      ("with a list", KEY + ", " + KEY), ("in obs-text", "\xe9" * 22 + "=="), ("of 4 KiB", "A" * 4096))
] + [
    case("§4.2.1: no Sec-WebSocket-Version", request(ws_version=None), bad("Sec-WebSocket-Version"), requirements=(65, 191)),
    case("§11.3.5: Sec-WebSocket-Version twice", request(ws_version=("13", "13")), bad("Sec-WebSocket-Version"), requirements=(65,)),
    case("§11.3.5: Sec-WebSocket-Version 13 and 8", request(ws_version=("13", "8")), bad("Sec-WebSocket-Version"), requirements=(65,)),
] + [
    case(f"§4.4: version {version!r} is answered with the one spoken here", request(ws_version=version), UPGRADE_REQUIRED,
         requirements=(65, 78, 79, 274))
    for version in ("0", "1", "7", "8", "12", "14", "25", "255", "013", "13.0", "13, 8", "thirteen", "-13", "")
] + [
    case("§4.2.2: no such path", request("/nowhere"), Wanted(404), requirements=(80,)),
    case("§4.2.2: paths are compared with their case", request("/Echo"), Wanted(404), requirements=(80,)),
    case("§4.2.2: a longer path is another one", request("/echo/more"), Wanted(404), requirements=(80,)),
    case("§4.2.2: an encoded letter does not find the path by another way than the plain one", request("/nowhere%2Fecho"), Wanted(404), requirements=(80,)),
    case("RFC 9112 §3.2: a target outside of ASCII: a slash and a combining mark before a URL", request("/\xcc\x84://x/echo"),
         BAD_AND_CLOSED, requirements=(80,)),
    case("§4.2.2: a path of HTTP only", request("/healthz"), Wanted(404), requirements=(80,)),
    case("RFC 8307: a well-known path is a path like others", request("/.well-known/nothing"), Wanted(404), requirements=(9, 80)),
] + [
    case(f"§4.2.1: method {method}", request(method=method), Wanted(405, fields={"Allow": "GET"}), requirements=(59,))
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")
] + [
    case("§4.2.1: method HEAD", request(method="HEAD"), Wanted(405, fields={"Allow": "GET"}, to_head=True), requirements=(59,)),
] + [
    case(f"§4.1: Sec-WebSocket-Protocol {what}", request(extra=lines), bad("Sec-WebSocket-Protocol"), requirements=(35, 58))
    for what, lines in (("that is empty", ("Sec-WebSocket-Protocol:",)), ("with the same name twice", ("Sec-WebSocket-Protocol: a, a",)),
                        ("with the same name on two lines", ("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, a")),
                        ("with a space inside a name", ("Sec-WebSocket-Protocol: a b",)), ("with a separator", ("Sec-WebSocket-Protocol: a, b/c",)),
                        ("with a quoted string", ('Sec-WebSocket-Protocol: "a"',)), ("with obs-text", ("Sec-WebSocket-Protocol: caf\xe9",)),
                        ("of commas only", ("Sec-WebSocket-Protocol: , ,",)))
]

BODIES = [
    case(f"RFC 9112 §6: an upgrade with {what} is refused and the connection closed", data, BAD_AND_CLOSED, requirements=(70, 91, 277))
    for what, data in (
        ("a body", request(extra=("Content-Length: 5",), body=b"hello")),
        ("a body that looks like a request", request(extra=("Content-Length: 40",), body=plain())),
        ("an announced body that does not come", request(extra=("Content-Length: 1048576",))),
        ("a chunked body", request(extra=("Transfer-Encoding: chunked",), body=b"5\r\nhello\r\n0\r\n\r\n")),
        ("an empty chunked body", request(extra=("Transfer-Encoding: chunked",), body=b"0\r\n\r\n")),
        ("Transfer-Encoding and Content-Length", request(extra=("Transfer-Encoding: chunked", "Content-Length: 5"), body=b"0\r\n\r\n")),
        ("Content-Length and Transfer-Encoding", request(extra=("Content-Length: 5", "Transfer-Encoding: chunked"), body=b"0\r\n\r\n")),
        ("Transfer-Encoding: identity", request(extra=("Transfer-Encoding: identity",))),
        ("Transfer-Encoding: chunked, gzip", request(extra=("Transfer-Encoding: chunked, gzip",))),
        ("two different lengths", request(extra=("Content-Length: 0", "Content-Length: 5"))),
        ("a list of lengths", request(extra=("Content-Length: 0, 5",))),
        ("a negative length", request(extra=("Content-Length: -1",))),
        ("a length with a plus", request(extra=("Content-Length: +0",))),
        ("a length in hexadecimal", request(extra=("Content-Length: 0x0",))),
        ("a length beyond 64 bits", request(extra=("Content-Length: 99999999999999999999999",))),
        ("an empty length", request(extra=("Content-Length:",))),
        ("Expect: 100-continue and a body", request(extra=("Expect: 100-continue", "Content-Length: 5"))),
    )
] + [
    case("RFC 9112 §6.3: a plain request with Transfer-Encoding and Content-Length is refused and the connection closed",
         plain("/healthz", method="POST", extra=("Transfer-Encoding: chunked", "Content-Length: 5"), body=b"0\r\n\r\n"), BAD_AND_CLOSED,
         requirements=(70, 277)),
    case("RFC 9112 §7.1: a plain request with a body keeps the framing of what follows",
         plain("/healthz", method="POST", extra=("Content-Length: 37",), body=b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nxx") + plain(),
         HEALTHY, HEALTHY, requirements=(91, 277)),
    case("RFC 9112 §7.1: a plain chunked request keeps the framing of what follows",
         plain("/healthz", method="POST", extra=("Transfer-Encoding: chunked",), body=b"5\r\nhello\r\n0\r\n\r\n") + plain(), HEALTHY, HEALTHY,
         requirements=(91, 277)),
    case("RFC 9112 §7.1: a chunk size that is no number", plain("/healthz", method="POST", extra=("Transfer-Encoding: chunked",), body=b"x\r\nhello\r\n0\r\n\r\n"),
         BAD_AND_CLOSED, requirements=(277,)),
]

HOSTS = [
    case("RFC 9112 §3.2: no Host", request(host=None), BAD_AND_CLOSED, requirements=(60,)),
    case("RFC 9112 §3.2: two Hosts", request(host=("{authority}", "{authority}")), BAD_AND_CLOSED, requirements=(60, 72)),
    case("RFC 9112 §3.2: two different Hosts", request(host=("{authority}", "evil.example")), BAD_AND_CLOSED, requirements=(60, 72)),
    case("RFC 9112 §3.2: no Host on a plain request", plain().replace(b"Host: {authority}\r\n", b""), BAD_AND_CLOSED, requirements=(60,)),
] + [
    case(f"RFC 9112 §3.2: Host: {host}", request(host=host), BAD_AND_CLOSED, requirements=(60,))
    for host in ("", "a b", "a/b", "user@example.com", "http://example.com", "example.com:port", "example.com:65536", "example.com:80:80",
                 "[::1", "::1", "[zz]", "example.com, example.org", "ex\xe4mple.com", "a\tb")
] + [
    case("RFC 9112 §3.2: Host with an IPv6 address", request(host="[::1]:{port}"), SWITCHES, requirements=(60,)),
    case("RFC 9112 §3.2: Host with an empty port", request(host="localhost:"), SWITCHES, requirements=(60,)),
]

SYNTAX = [
    case(f"RFC 9112: {what} is refused and the connection closed", data, BAD_AND_CLOSED, requirements=(58, 72, 277))
    for what, data in (
        ("a NUL in a value", edited(b"Upgrade: websocket", b"Upgrade: web\0socket")),
        ("a NUL in a name", edited(b"Upgrade: w", b"Upg\0rade: w")),
        ("a NUL in the target", edited(b"/echo", b"/ec\0ho")),
        ("a bare CR in a value", edited(b"Upgrade: websocket", b"Upgrade: web\rsocket")),
        ("a bare CR as the end of a line", edited(b"websocket\r\n", b"websocket\r")),
        ("a bare LF as the end of a line", edited(b"websocket\r\n", b"websocket\n")),
        ("a bare LF as the end of the request line", edited(b"HTTP/1.1\r\n", b"HTTP/1.1\n")),
        ("a bare LF as the empty line", edited(b"13\r\n\r\n", b"13\r\n\n")),
        ("bare LFs throughout", request().replace(b"\r\n", b"\n")),
        ("an obsolete line folding with a space", edited(b"Upgrade: websocket", b"Upgrade:\r\n websocket")),
        ("an obsolete line folding with a tab", edited(b"Version: 13", b"Version: 13\r\n\tX: y")),
        ("an obsolete line folding in the first field", edited(b"HTTP/1.1\r\n", b"HTTP/1.1\r\n Host: x\r\n")),
        ("a space before a colon", edited(b"Upgrade: w", b"Upgrade : w")),
        ("a tab before a colon", edited(b"Sec-WebSocket-Key:", b"Sec-WebSocket-Key\t:")),
        ("a space in a name", edited(b"Sec-WebSocket-Key:", b"Sec-WebSocket Key:")),
        ("an empty name", edited(b"Upgrade: w", b": w")),
        ("a line without a colon", edited(b"Upgrade: websocket", b"Upgrade websocket")),
        ("a name in obs-text", edited(b"Upgrade: w", b"Upgr\xe4de: w")),
        ("a name with a separator", edited(b"Upgrade: w", b"Upgr(de: w")),
        ("a DEL in a value", edited(b"Upgrade: websocket", b"Upgrade: websocket\x7f")),
        ("a control character in a value", edited(b"Upgrade: websocket", b"Upgrade: \x01websocket")),
        ("no version of HTTP", edited(b" HTTP/1.1", b"")),
        ("a version that is none", edited(b"HTTP/1.1", b"HTTP/x.y")),
        ("a version in small letters", edited(b"HTTP/1.1", b"http/1.1")),
        ("another protocol", edited(b"HTTP/1.1", b"ICE/1.1")),
        ("a target with a space", edited(b"/echo", b"/ec ho")),
        ("a target without a slash", edited(b"/echo", b"echo")),
        ("a method that is no token", edited(b"GET", b"G(T")),
        ("something that is no HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32) + b"\r\n\r\n"),
        ("all but the last byte of the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r " + bytes(9)),
    )
] + [
    case("RFC 9112 §2.3: HTTP/2.0 in a request line", request(version="HTTP/2.0"), BAD_AND_CLOSED, requirements=(59,)),
    case("RFC 9110 §5.4: a head of 16 KiB minus what the fields of a handshake take is accepted",
         request(extra=("X: " + "x" * 15_800,)), SWITCHES, requirements=(71,)),
    case("RFC 6585 §5: a field of over 16 KiB", request(extra=("X: " + "x" * 16_500,)), TOO_LARGE, requirements=(71,)),
    case("RFC 6585 §5: a head of over 16 KiB in several fields", request(extra=tuple(f"X{n}: " + "x" * 1000 for n in range(17))), TOO_LARGE,
         requirements=(71,)),
    case("RFC 6585 §5: a name of over 16 KiB", request(extra=("X" * 16_500 + ": x",)), TOO_LARGE, requirements=(71,)),
    case("RFC 6585 §5: 100 fields are accepted", request(extra=tuple(f"X{n}: x" for n in range(95))), SWITCHES, requirements=(71,)),
    case("RFC 6585 §5: 101 fields are too many", request(extra=tuple(f"X{n}: x" for n in range(96))), TOO_LARGE, requirements=(71,)),
    case("RFC 6585 §5: a thousand fields are too many", request(extra=tuple(f"X{n}:" for n in range(1000))), TOO_LARGE, requirements=(71,)),
    case("RFC 6585 §5: a field that never ends is cut off", request()[:-2] + b"X: " + b"x" * 20_000, TOO_LARGE, requirements=(71,)),
    case("RFC 6585 §5: a request target of over 16 KiB", request("/" + "x" * 16_500), TOO_LARGE, requirements=(71,)),
]

PIPELINES = [
    case("RFC 9112 §9.3.2: pipelined requests are answered in order", plain() + plain("/nowhere") + plain("/echo") + plain(),
         HEALTHY, Wanted(404), UPGRADE_REQUIRED, HEALTHY, requirements=(91,)),
    case("RFC 9112 §9.3.2: an upgrade behind two plain requests", plain() + plain("/nowhere") + request(), HEALTHY, Wanted(404), SWITCHES,
         requirements=(91, 273)),
    case("a refused upgrade, then a granted one", request(key=None) + request(), bad("Sec-WebSocket-Key"), SWITCHES, requirements=(91,)),
    case("five refused upgrades, plain requests between them, then a granted one",
         request("/nowhere") + plain() + request(ws_version="8") + request(connection="close-not") + plain() + request(method="POST")
         + request(extra=("Origin: null",)) + request(),
         Wanted(404), HEALTHY, UPGRADE_REQUIRED, bad("Connection"), HEALTHY, Wanted(405), Wanted(403), SWITCHES, requirements=(91,)),
    case("RFC 9112 §9.6: Connection: close behind a plain request is heeded",
         plain(extra=("Connection: close",)) + plain(), Wanted(200, body=b"ok\n", closes=True), requirements=(91,)),
    case("RFC 9112 §9.6: nothing is read behind a request that was refused for its syntax",
         request(host=None) + request(), BAD_AND_CLOSED, requirements=(91, 162)),
]

CASES = ACCEPTED + ORIGINS + NOT_AN_UPGRADE + REFUSED + BODIES + HOSTS + SYNTAX + PIPELINES
