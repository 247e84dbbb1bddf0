"""What requirements 238–261 ask for, and what RFC 9113 asks of any server. A case says its requirements behind its name."""

import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

from hyperframe import frame as frames

from peer import (ENABLE_CONNECT_PROTOCOL, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, PREFACE, PROTOCOL_ERROR, Peer, WebSocket)

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))
from harness import check, equal  # noqa: E402

CASES = []
COMPRESSION_ERROR = 9


def case(name, *requirements):
    """Registers a function of a running server."""
    def register(function):
        CASES.append((name, requirements, function))
        return function
    return register


# ── the setting ──

@case("the first SETTINGS say that extended CONNECT is spoken", 239, 261)
def setting(server):
    with Peer(server.port) as peer:
        equal(peer.settings.get(ENABLE_CONNECT_PROTOCOL), 1, "SETTINGS_ENABLE_CONNECT_PROTOCOL")
        equal(peer.settings.get(3), 100, "MAX_CONCURRENT_STREAMS")
        peer.is_well()
        check(not any(isinstance(each, frames.SettingsFrame) and each.settings.get(ENABLE_CONNECT_PROTOCOL) == 0 for each in peer.queue), "it never becomes 0")


@case("what a client says about the setting changes nothing", 240)
def setting_of_client(server):
    for value in (0, 1):
        with Peer(server.port, {ENABLE_CONNECT_PROTOCOL: value}) as peer:
            WebSocket(peer).echo(1, b"hello")


@case("a value of the setting that is neither 0 nor 1 ends the connection", 238)
def setting_invalid(server):
    with Peer(server.port) as peer:
        peer.send(frames.SettingsFrame(0, settings={ENABLE_CONNECT_PROTOCOL: 2}))
        equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")


# ── the handshake ──

@case("extended CONNECT is answered with 200, without key and accept", 242, 243, 245, 248, 250)
def accepted(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer, extra=[("sec-websocket-key", "not even base64")])
        for name in ("sec-websocket-accept", "upgrade", "connection", "sec-websocket-version", "sec-websocket-protocol"):
            check(name not in socket.fields, f"no {name}: {socket.fields}")
        socket.echo(1, b"hello")


@case("nothing is tunnelled: :authority is only a name, and CONNECT without :protocol is refused", 244, 247)
def no_tunnel(server):
    with Peer(server.port) as peer, socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        peer.authority = f"127.0.0.1:{listener.getsockname()[1]}"
        WebSocket(peer).echo(1, b"hello")
        stream = peer.headers([(":method", "CONNECT"), (":authority", peer.authority)])
        equal(peer.response(stream)[":status"], "501", "status")
        try:
            listener.accept()
        except TimeoutError:
            pass
        else:
            raise AssertionError("the server connected to :authority")
        peer.is_well()


def _malformed(name, change):
    """The request is a stream error of PROTOCOL_ERROR, and the connection goes on."""
    def play(server):
        with Peer(server.port) as peer:
            for _ in range(3):
                equal(peer.reset_code(peer.headers(change(peer.connect_fields()))), PROTOCOL_ERROR, "code of RST_STREAM")
                peer.is_well()
            WebSocket(peer).echo(1, b"hello")
    CASES.append((f"malformed: {name}", (246, 253), play))


def _without(name):
    return lambda fields: [field for field in fields if field[0] != name]


def _with(*more):
    return lambda fields: [*fields, *more]


for _name in (":scheme", ":path", ":authority"):
    _malformed(f"no {_name}", _without(_name))
_malformed(":protocol twice", lambda fields: [(":protocol", "websocket"), *fields])
_malformed(":protocol is empty", lambda fields: [(name, "" if name == ":protocol" else value) for name, value in fields])
_malformed(":protocol is no token", lambda fields: [(name, "web socket" if name == ":protocol" else value) for name, value in fields])
_malformed(":protocol with GET", lambda fields: [(name, "GET" if name == ":method" else value) for name, value in fields])
_malformed("an unknown pseudo-header", lambda fields: [(":upgrade", "websocket"), *fields])
_malformed("a pseudo-header behind a field", lambda fields: [("x", "y"), *fields])
_malformed("an empty :path", lambda fields: [(name, "" if name == ":path" else value) for name, value in fields])
_malformed("Host differs from :authority", _with(("host", "somewhere.example")))
_malformed("Connection", _with(("connection", "upgrade")))
_malformed("Upgrade", _with(("upgrade", "websocket")))
_malformed("Keep-Alive", _with(("keep-alive", "timeout=5")))
_malformed("Proxy-Connection", _with(("proxy-connection", "keep-alive")))
_malformed("Transfer-Encoding", _with(("transfer-encoding", "chunked")))
_malformed("TE that is not trailers", _with(("te", "gzip")))
_malformed("a name in capitals", _with(("X-Upper", "y")))
_malformed("LF in a value", _with(("x", "a\nb")))
_malformed("NUL in a value", _with(("x", "a\0b")))
_malformed("CR in the path", lambda fields: [(name, "/echo\r" if name == ":path" else value) for name, value in fields])


def _refused(name, requirements, status, change, says=None, headers=()):
    """The request gets an ordinary answer, and the connection goes on."""
    def play(server):
        with Peer(server.port) as peer:
            stream = peer.headers(change(peer.connect_fields()))
            fields = peer.response(stream)
            equal(fields[":status"], status, "status")
            for name, value in headers:
                equal(fields.get(name), value, name)
            for name in ("upgrade", "connection"):
                check(name not in fields, f"no {name} over HTTP/2")
            body = peer.body(stream).decode()
            check(says is None or says in body, f"the body says why: {body!r}")
            check(body, "a body for people")
            peer.is_well()
            WebSocket(peer).echo(1, b"hello")
    CASES.append((f"refused: {name}", requirements, play))


def _other(field, value):
    return lambda fields: [(name, value if name == field else old) for name, old in fields]


_refused("an unknown :protocol is 501", (254,), "501", _other(":protocol", "connect-udp"), "websocket")
_refused("an unknown path is 404", (250,), "404", _other(":path", "/nowhere"))
_refused("a foreign origin is 403", (249,), "403", _with(("origin", "http://elsewhere.example")), "origin")
_refused("another version is 400 and told the right one", (249,), "400", _other("sec-websocket-version", "8"), "13", [("sec-websocket-version", "13")])
_refused("no version", (249,), "400", _without("sec-websocket-version"), "Sec-WebSocket-Version")
_refused("a subprotocol that is no token", (249,), "400", _with(("sec-websocket-protocol", "a b")), "Sec-WebSocket-Protocol")
_refused("extensions that break the grammar", (249,), "400", _with(("sec-websocket-extensions", "a;;b")), "Sec-WebSocket-Extensions")
_refused("a body is announced", (253,), "400", _with(("content-length", "5")), "body")


@case("refused: a stream that has ended with its request", 253)
def ended_with_request(server):
    with Peer(server.port) as peer:
        stream = peer.headers(peer.connect_fields(), end=True)
        equal(peer.response(stream)[":status"], "400", "status")
        peer.body(stream)
        peer.is_well()


@case("our own origin may connect, others are compared with :authority and :scheme", 244, 249)
def origin(server):
    with Peer(server.port) as peer:
        WebSocket(peer, extra=[("origin", f"http://{peer.authority}")]).echo(1, b"hello")
        stream = peer.headers(peer.connect_fields(extra=[("origin", f"https://{peer.authority}")]))
        equal(peer.response(stream)[":status"], "403", "status for another scheme")


@case("a plain GET of a path that speaks WebSocket is told how to", 250)
def plain_get(server):
    with Peer(server.port) as peer:
        stream = peer.request(path="/echo")
        fields = peer.response(stream)
        equal((fields[":status"], fields["sec-websocket-version"]), ("400", "13"), "answer")
        check(b"RFC 8441" in peer.body(stream), "the body says how")


# ── messages ──

@case("text, binary, fragments and long messages are echoed", 251, 256)
def messages(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        for count in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            socket.echo(2, os.urandom(count))
            socket.echo(1, b"x" * count)
        socket.send(1, "grü".encode()[:3], final=False)
        socket.send(9, b"in between")
        socket.send(0, "grü".encode()[3:] + b"n")
        equal(socket.take()[:2], (10, b"in between"), "pong")
        equal(socket.take()[:2], (1, "grün".encode()), "message")


@case("DATA frames may be cut anywhere, and hold several frames of WebSocket", 251)
def cuts(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        whole = WebSocket.frame(1, b"hello") + WebSocket.frame(2, b"\0" * 200) + WebSocket.frame(9, b"ping")
        for cut in range(len(whole) + 1):
            for part in (whole[:cut], whole[cut:]):
                if part:
                    peer.data_in_window(socket.stream, part)
            # A pong need not wait for echoes.
            equal(sorted(socket.take()[:2] for _ in range(3)), [(1, b"hello"), (2, b"\0" * 200), (10, b"ping")], f"frames with a cut at {cut}")
        for byte in whole:
            peer.data_in_window(socket.stream, bytes([byte]))
        equal(sorted(socket.take()[0] for _ in range(3)), [1, 2, 10], "frames byte by byte")


@case("frames of the client must be masked", 251)
def unmasked(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        socket.send(1, b"hello", masked=False)
        equal(socket.close_code(), 1002, "close code")
        socket.end()
        peer.is_well()


@case("text that is not UTF-8 fails the connection and only that", 251)
def not_utf8(server):
    with Peer(server.port) as peer:
        others = WebSocket(peer)
        socket = WebSocket(peer)
        socket.send(1, b"\xff")
        equal(socket.close_code(), 1007, "close code")
        socket.send(8, struct.pack("!H", 1007))
        socket.end()
        others.echo(1, b"still here")
        peer.is_well()


@case("permessage-deflate works over HTTP/2", 255)
def deflate(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer, extra=[("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")])
        check(socket.fields.get("sec-websocket-extensions", "").startswith("permessage-deflate"), f"agreed: {socket.fields}")
        compressor, inflater = zlib.compressobj(wbits=-9), zlib.decompressobj(-15)
        for _ in range(5):
            text = b"the same words again and again, " * 200
            data = (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
            socket.send(1, data, rsv1=True)
            opcode, payload, is_compressed = socket.take()
            check(is_compressed and len(payload) < len(text) // 4, "the echo is compressed")
            equal((opcode, inflater.decompress(payload + b"\0\0\xff\xff")), (1, text), "echo")


@case("subprotocols that a path does not speak are not agreed on", 249)
def subprotocol(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer, extra=[("sec-websocket-protocol", "a, b")])
        check("sec-websocket-protocol" not in socket.fields, "/echo speaks none")


# ── the end ──

@case("the close handshake ends with END_STREAM of the server", 252)
def closing(server):
    with Peer(server.port) as peer:
        for code in (1000, 4321):
            socket = WebSocket(peer)
            socket.send(8, struct.pack("!H", code) + b"bye")
            equal(socket.close_code(), code, "close code")
            socket.end()
            peer.data(socket.stream, b"", end=True)
        peer.is_well()


@case("END_STREAM without Close is answered with the end, RST_STREAM with nothing", 252)
def abrupt_ends(server):
    with Peer(server.port) as peer:
        for _ in range(120):
            socket = WebSocket(peer)
            socket.send(1, b"last words", end=True)
            equal(socket.take()[:2], (1, b"last words"), "echo of what was sent before")
            frame = peer.wait(lambda each: each.stream_id == socket.stream and ("END_STREAM" in each.flags or isinstance(each, frames.RstStreamFrame)))
            check(frame is not None, "the server ends its half")
        for _ in range(120):
            socket = WebSocket(peer)
            socket.echo(1, b"hello")
            peer.reset(socket.stream)
        # All of them are gone: there is room for as many as the server allows.
        everybody = [WebSocket(peer) for _ in range(99)]
        for socket in everybody:
            socket.echo(1, b"hello")
        peer.is_well()


# ── many, and flow control ──

@case("many sockets and plain requests share a connection, in order each", 251, 257)
def many(server):
    with Peer(server.port) as peer:
        everybody = [WebSocket(peer) for _ in range(50)]
        chance = random.Random(7)
        sent = {socket: 0 for socket in everybody}
        for _ in range(1000):
            socket = chance.choice(everybody)
            socket.send(1, b"%d" % sent[socket])
            sent[socket] += 1
            if chance.random() < 0.05:
                peer.is_well()
        for socket in everybody:
            equal([socket.take()[1] for _ in range(sent[socket])], [b"%d" % index for index in range(sent[socket])], "echoes")


@case("as many streams as the limit says may be open, and as many again when others end; one more ends the connection", 257)
def stream_limit(server):
    with Peer(server.port) as peer:
        everybody = [WebSocket(peer) for _ in range(100)]
        for socket in everybody[:10]:
            peer.reset(socket.stream)
        peer.send(frames.PingFrame(0, opaque_data=b"in order"))
        peer.wait(lambda each: isinstance(each, frames.PingFrame))
        for socket in [WebSocket(peer) for _ in range(10)]:
            socket.echo(1, b"hello")
        everybody[50].echo(1, b"still here")
        # RFC 9113 §5.4.1: a stream error may be treated as one of the connection.
        peer.headers(peer.connect_fields())
        equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")
        peer.until_end()


@case("the server sends no more than the windows allow, and others are not held up", 256)
def windows_of_client(server):
    with Peer(server.port, opens_windows=False) as peer:
        peer.window(0, 1 << 24)
        full, other = WebSocket(peer), WebSocket(peer)
        payload = os.urandom(200_000)
        full.send(2, payload)
        got = 0
        while got < 65535:
            frame = peer.wait(lambda each: each.stream_id == full.stream and isinstance(each, frames.DataFrame))
            got += len(frame.data)
            full.bytes += frame.data
        equal(got, 65535, "bytes within the window")
        other.echo(1, b"not held up")
        check(not any(each.stream_id == full.stream and isinstance(each, frames.DataFrame) for each in peer.queue), "nothing beyond the window")
        peer.window(full.stream, 1 << 20)
        equal(full.take()[:2], (2, payload), "the whole message in the end")


@case("the server opens its window only as the application consumes", 256)
def windows_of_server(server):
    with Peer(server.port, opens_windows=False) as peer:
        peer.window(0, (1 << 31) - 1 - 65535)
        full, other = WebSocket(peer), WebSocket(peer)
        frame = WebSocket.frame(2, b"\0" * 8000)
        sent = 0
        pieces = []
        while sent < 4 << 20:
            if min(peer.windows[0], peer.windows.setdefault(full.stream, peer.initial_window)) < len(frame):
                try:
                    pieces.append(peer.take(0.7))
                except TimeoutError:
                    break
                continue
            peer.data_in_window(full.stream, frame)
            sent += len(frame)
        peer.queue = pieces + peer.queue
        check(sent < 2 << 20, f"{sent} bytes went to an application whose answers nobody takes")
        other.echo(1, b"not held up")
        peer.opens_windows = True
        peer.window(full.stream, 1 << 24)
        for _ in range(sent // len(frame)):
            equal(full.take()[:2], (2, b"\0" * 8000), "echo")


@case("a window beyond 2^31-1 is a flow-control error", 256)
def window_overflow(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        peer.window(socket.stream, (1 << 31) - 1)
        frame = peer.wait(lambda each: isinstance(each, frames.RstStreamFrame))
        equal((frame.stream_id, frame.error_code), (socket.stream, FLOW_CONTROL_ERROR), "stream error")
        peer.is_well()
        peer.window(0, (1 << 31) - 1)
        equal(peer.goaway(), FLOW_CONTROL_ERROR, "code of GOAWAY")


# ── GOAWAY ──

@case("after GOAWAY of the client its sockets go on", 258)
def goaway_of_client(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        peer.send(frames.GoAwayFrame(0, last_stream_id=0, error_code=0))
        socket.echo(1, b"still here")


@case("at shutdown each socket gets 1001, then the connection GOAWAY and its end", 258)
def shutdown(server):
    with Peer(server.port) as peer:
        everybody = [WebSocket(peer) for _ in range(3)]
        server.process.send_signal(signal.SIGTERM)
        for socket in everybody:
            equal(socket.close_code(), 1001, "close code")
        for socket in everybody:
            socket.send(8, struct.pack("!H", 1001), end=True)
            socket.end()
        equal(peer.goaway(), 0, "code of GOAWAY")
        peer.until_end()
    equal(server.exit_status(), 0, "exit status")


# ── floods ──

def _flood(name, requirements, send, code=ENHANCE_YOUR_CALM):
    """The connection is closed with this code, and others do not notice."""
    def play(server):
        with Peer(server.port) as other, Peer(server.port) as peer:
            socket = WebSocket(other)
            before = server.resident()
            with suppress(ConnectionError):
                send(peer)
            equal([each.error_code for each in peer.until_end() if isinstance(each, frames.GoAwayFrame)], [code], "codes of GOAWAY")
            grown = server.resident() - before
            check(grown < 32 << 10, f"memory grew by {grown} KiB")
            socket.echo(1, b"not disturbed")
    CASES.append((f"flood: {name}", requirements, play))


def _rapid_reset(peer):
    for _ in range(1000):
        peer.reset(peer.headers(peer.connect_fields()))


def _continuation(peer):
    peer.send(frames.HeadersFrame(1, data=peer.encoder.encode(peer.connect_fields()), flags=[]))
    for _ in range(20_000):
        peer.send(frames.ContinuationFrame(1, data=b""))


def _long_continuation(peer):
    peer.send(frames.HeadersFrame(1, data=peer.encoder.encode(peer.connect_fields()), flags=[]))
    for _ in range(5_000):
        peer.send(frames.ContinuationFrame(1, data=b"\x00\x01x\x7f\x81\x7e" + b"y" * 253))


def _hpack_bomb(peer):
    fields = peer.connect_fields(extra=[("x", "y" * 4000)])
    peer.headers(fields)
    peer.raw(frames.HeadersFrame(3, data=peer.encoder.encode(fields) + b"\xbe" * 12000, flags=["END_HEADERS"]).serialize())


_flood("streams opened and reset at once", (257,), _rapid_reset)
_flood("empty CONTINUATION frames without end", (257,), _continuation)
_flood("long CONTINUATION frames without end", (257,), _long_continuation)
_flood("a short header block that unpacks to 48 MB", (257,), _hpack_bomb, COMPRESSION_ERROR)
_flood("PING", (257,), lambda peer: [peer.send(frames.PingFrame(0, opaque_data=b"01234567")) for _ in range(5000)])
_flood("SETTINGS", (257,), lambda peer: [peer.send(frames.SettingsFrame(0, settings={1: 4096})) for _ in range(5000)])
_flood("empty DATA", (257,), lambda peer: [peer.data(1, b"") for _ in [peer.headers(peer.connect_fields())] * 1 for _ in range(5000)])


@case("header fields over 16 KiB, or more than a hundred, are refused", 257)
def header_limits(server):
    with Peer(server.port) as peer:
        stream = peer.request(extra=[(f"x-{index}", "y") for index in range(101)])
        equal(peer.response(stream)[":status"], "431", "status")
        peer.body(stream)
        peer.is_well()
    with Peer(server.port) as peer:
        peer.headers(peer.connect_fields(extra=[("x", "y" * 9000), ("z", "y" * 9000)]))
        # The server stops unpacking, after which it can't go on.
        equal(peer.goaway(), COMPRESSION_ERROR, "code of GOAWAY")
        peer.until_end()


@case("PING is answered on a connection that carries sockets", 260)
def pings(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        peer.send(frames.PingFrame(0, opaque_data=b"01234567"))
        equal(peer.wait(lambda each: isinstance(each, frames.PingFrame)).opaque_data, b"01234567", "data of the answer")
        socket.send(9, b"application")
        equal(socket.take()[:2], (10, b"application"), "pong")


# ── one port ──

@case("HTTP/1.1 and HTTP/2 on one port, whatever the preface is cut into", 250)
def one_port(server):
    for cut in range(1, len(PREFACE)):
        sock = socket.create_connection(("127.0.0.1", server.port), 20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = Peer(server.port, sock=sock, preface=False)
        sock.sendall(PREFACE[:cut])
        time.sleep(0.002)
        sock.sendall(PREFACE[cut:])
        peer.send(frames.SettingsFrame(0))
        with peer:
            peer.is_well()
    for start in ("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "PRI /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
            sock.sendall(start.encode())
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
            check(answer.startswith(b"HTTP/1.1 200" if start.startswith("GET") else b"HTTP/1.1 4"), f"{start!r} is answered with {answer[:60]!r}")


@case("half a preface is closed when the time for a request is over", 257)
def half_preface(server):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        sock.sendall(PREFACE[:10])
        equal(sock.recv(100), b"", "answer")
    check(8 < time.monotonic() - began < 16, "after ten seconds")


# ── RFC 9113 ──

def _connection_error(name, codes, send):
    def play(server):
        with Peer(server.port) as peer:
            peer.is_well()
            with suppress(ConnectionError):
                send(peer)
            code = peer.goaway()
            check(code in codes, f"GOAWAY {code} instead of {codes}")
            peer.until_end()
        with Peer(server.port) as peer:
            peer.is_well()
    CASES.append((f"RFC 9113: {name}", (), play))


def _frame(kind, flags, stream, payload):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


_connection_error("DATA on stream 0", (1,), lambda peer: peer.raw(_frame(0, 0, 0, b"x")))
_connection_error("DATA on an idle stream", (1,), lambda peer: peer.data(101, b"x"))
_connection_error("HEADERS on a stream of even number", (1,), lambda peer: peer.headers(peer.connect_fields(), stream=2))
_connection_error("HEADERS on a stream lower than one before", (1, 5), lambda peer: (peer.headers(peer.connect_fields(), stream=21), peer.headers(peer.connect_fields(), stream=5)))
_connection_error("HEADERS with padding longer than the frame", (1,), lambda peer: peer.raw(_frame(1, 0x0C, 21, b"\xff\x82")))
_connection_error("WINDOW_UPDATE of 0 for the connection", (1,), lambda peer: peer.raw(_frame(8, 0, 0, b"\0\0\0\0")))
_connection_error("WINDOW_UPDATE of five bytes", (6,), lambda peer: peer.raw(_frame(8, 0, 0, b"\0\0\0\1\0")))
_connection_error("SETTINGS of five bytes", (6,), lambda peer: peer.raw(_frame(4, 0, 0, b"\0\0\0\0\0")))
_connection_error("SETTINGS on a stream", (1,), lambda peer: peer.raw(_frame(4, 0, 1, b"")))
_connection_error("SETTINGS ACK with a payload", (6,), lambda peer: peer.raw(_frame(4, 1, 0, b"\0\0\0\0\0\0")))
_connection_error("PING of seven bytes", (6,), lambda peer: peer.raw(_frame(6, 0, 0, b"1234567")))
_connection_error("PING on a stream", (1,), lambda peer: peer.raw(_frame(6, 0, 1, b"12345678")))
_connection_error("RST_STREAM of an idle stream", (1,), lambda peer: peer.reset(101))
_connection_error("a frame over SETTINGS_MAX_FRAME_SIZE", (6,), lambda peer: peer.raw(_frame(0, 0, peer.headers(peer.connect_fields()), b"\0" * 16385)))
_connection_error("CONTINUATION without HEADERS", (1,), lambda peer: peer.raw(_frame(9, 4, 21, b"")))
_connection_error("a frame between HEADERS and CONTINUATION", (1,), lambda peer: (peer.raw(_frame(1, 0, 21, b"")), peer.raw(_frame(6, 0, 0, b"12345678"))))
_connection_error("a header block that hpack can't unpack", (9, 1), lambda peer: peer.raw(_frame(1, 4, 21, b"\xff\xff\xff\xff\xff\xff")))
_connection_error("PUSH_PROMISE of a client", (1,), lambda peer: peer.raw(_frame(5, 4, 1, b"\0\0\0\2")))
_connection_error("SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1", (3,), lambda peer: peer.raw(_frame(4, 0, 0, b"\0\4\xff\xff\xff\xff")))
_connection_error("SETTINGS_MAX_FRAME_SIZE below 16384", (1,), lambda peer: peer.raw(_frame(4, 0, 0, b"\0\5\0\0\0\1")))
_connection_error("SETTINGS_ENABLE_PUSH of 2", (1,), lambda peer: peer.raw(_frame(4, 0, 0, b"\0\2\0\0\0\2")))


@case("RFC 9113: unknown frames, settings and flags are ignored, padding and priorities taken")
def ignored(server):
    with Peer(server.port) as peer:
        peer.raw(_frame(0xBE, 0xFF, 0, b"whatever") + _frame(4, 0, 0, b"\xbe\xef\0\0\0\1") + _frame(6, 0xFE, 0, b"12345678"))
        stream = peer.next_stream
        peer.next_stream += 2
        block = peer.encoder.encode(peer.connect_fields())
        peer.raw(_frame(1, 0x2C, stream, b"\5" + b"\0\0\0\0\x0f" + block + b"\0" * 5))
        socket = WebSocket(peer, stream=stream)
        whole = WebSocket.frame(1, b"padded")
        peer.raw(_frame(0, 8, stream, b"\x0a" + whole + b"\0" * 10))
        equal(socket.take()[:2], (1, b"padded"), "echo")
        peer.raw(_frame(0xBE, 0, stream, b"whatever"))
        socket.echo(1, b"hello")


@case("RFC 9113: header fields inside the tunnel are a stream error", 252)
def trailers(server):
    with Peer(server.port) as peer:
        for end in (False, True):
            socket = WebSocket(peer)
            socket.echo(1, b"hello")
            peer.headers([("x", "y")], stream=socket.stream, end=end)
            frame = peer.wait(lambda each: each.stream_id == socket.stream and isinstance(each, frames.RstStreamFrame))
            equal(frame.error_code, PROTOCOL_ERROR, "code of RST_STREAM")
            peer.is_well()


# ── plain requests and TLS ──

@case("curl: GET, HEAD, POST and 404 with prior knowledge", 250)
def curl(server):
    base = f"http://127.0.0.1:{server.port}"
    def run(*arguments):
        return subprocess.run(["curl", "-sS", "--max-time", "20", "--http2-prior-knowledge", "-w", "|%{http_version} %{http_code}", *arguments],
                              capture_output=True, text=True, timeout=30, check=True).stdout
    equal(run(f"{base}/healthz"), "ok\n|2 200", "GET")
    check(run(f"{base}/").endswith("|2 200"), "the page")
    check(run("-I", f"{base}/").endswith("|2 200"), "HEAD")
    check(run(f"{base}/nowhere").endswith("|2 404"), "404")
    check(run("--data-binary", "x" * 100_000, f"{base}/healthz").endswith("|2 200"), "POST")


@case("bodies are taken, and requests go on after one that is refused", 250)
def bodies(server):
    with Peer(server.port) as peer:
        for path, count, status in (("/nowhere", 200_000, "404"), ("/healthz", 200_000, "200"), ("/nowhere", 2 << 20, "413"), ("/healthz", 5, "200")):
            stream = peer.request("POST", path, end=False)
            try:
                peer.data_in_window(stream, b"x" * count, end=True)
            except TimeoutError:
                check(status == "413", "the body is taken")
            equal(peer.response(stream)[":status"], status, f"status of {count} bytes to {path}")
            peer.body(stream)
            peer.is_well()


@case("the library h2, with wsproto, has a conversation", 241, 249, 251)
def library(server):
    from h2.config import H2Configuration
    from h2.connection import H2Connection
    from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded
    from wsproto.connection import Connection, ConnectionType
    from wsproto.events import CloseConnection, TextMessage
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        connection.initiate_connection()
        sock.sendall(connection.data_to_send())

        def events(kind):
            while True:
                data = sock.recv(65536)
                check(data, "the server goes on")
                for event in connection.receive_data(data):
                    if isinstance(event, DataReceived):
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    if isinstance(event, kind):
                        sock.sendall(connection.data_to_send())
                        yield event
                sock.sendall(connection.data_to_send())
        next(events(RemoteSettingsChanged))
        equal(connection.remote_settings.enable_connect_protocol, 1, "setting")
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/echo"),
                                         (":authority", f"127.0.0.1:{server.port}"), ("sec-websocket-version", "13")])
        sock.sendall(connection.data_to_send())
        equal(dict(next(events(ResponseReceived)).headers)[":status"], "200", "status")
        peer = Connection(ConnectionType.CLIENT)
        connection.send_data(stream, peer.send(TextMessage("grün")))
        sock.sendall(connection.data_to_send())
        peer.receive_data(next(events(DataReceived)).data)
        equal([event.data for event in peer.events()], ["grün"], "echo")
        connection.send_data(stream, peer.send(CloseConnection(1000, "bye")))
        sock.sendall(connection.data_to_send())
        next(events(StreamEnded))


def over_tls(server, certificate):
    """Cases on a server with TLS, which is another one."""
    def dial(protocols):
        context = ssl.create_default_context(cafile=certificate)
        if protocols:
            context.set_alpn_protocols(protocols)
        return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), 20), server_hostname="127.0.0.1")

    def alpn():
        for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["spdy/3"], None), (None, None)):
            with dial(offered) as sock:
                equal(sock.selected_alpn_protocol(), chosen, f"answer to {offered}")

    def conversation():
        sock = dial(["h2"])
        with Peer(server.port, sock=sock) as peer:
            peer.scheme = "https"
            several = [WebSocket(peer, extra=[("origin", f"https://{peer.authority}")]) for _ in range(5)]
            for each in several:
                each.echo(2, os.urandom(100_000))
            peer.is_well()

    def no_upgrade():
        with dial(["h2"]) as sock:
            sock.sendall(b"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                         b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
            check(b"HTTP/1.1" not in answer, f"no HTTP/1.1 on a connection that agreed on h2: {answer[:80]!r}")

    def curl_tls():
        for option, version in (("--http2", "2"), ("--http1.1", "1.1")):
            done = subprocess.run(["curl", "-sS", "--max-time", "20", option, "--cacert", certificate, "-w", "|%{http_version} %{http_code}", f"https://127.0.0.1:{server.port}/healthz"],
                                  capture_output=True, text=True, timeout=30, check=True).stdout
            equal(done, f"ok\n|{version} 200", option)

    return [("TLS: h2 is chosen if it is offered", alpn), ("TLS: several sockets on one connection", conversation),
            ("TLS: no upgrade of HTTP/1.1 where h2 was agreed on", no_upgrade), ("TLS: curl speaks either", curl_tls)]
