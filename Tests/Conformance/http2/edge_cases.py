"""More of what requirements 238–261 and RFC 9113 ask for, beside `cases.py`: a case says its requirements behind its name."""

import os
import shutil
import signal
import socket as sockets
import struct
import subprocess
import sys
import time
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path

from hyperframe import frame as frames

from peer import CANCEL, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, PREFACE, PROTOCOL_ERROR, Peer, WebSocket

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))
from harness import Server, check, equal  # noqa: E402
from pacing import send_in_pieces  # noqa: E402

CASES = []
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
STREAM_CLOSED, COMPRESSION_ERROR = 5, 9


def case(name, *requirements):
    """Registers a function of a running server."""
    def register(function):
        CASES.append((name, requirements, function))
        return function
    return register


def pour(socket, data, end=False, size=16384):
    """Bytes in DATA frames of this size, as the windows allow."""
    for start in range(0, len(data), size):
        socket.peer.data_in_window(socket.stream, data[start:start + size], end and start + size >= len(data))


def goodbye(socket):
    """The close handshake, and END_STREAM behind it."""
    socket.send(CLOSE, struct.pack("!H", 1000))
    equal(socket.close_code(), 1000, "close code")
    socket.end()


def ping(peer, data=b"12345678"):
    """A PING and its answer: what came before it has been seen by the server's HTTP/2."""
    peer.send(frames.PingFrame(0, opaque_data=data))
    peer.wait(lambda each: isinstance(each, frames.PingFrame) and "ACK" in each.flags and each.opaque_data == data)


def raw_frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload


# ── malformed requests ──

def without(name):
    return lambda peer: [field for field in peer.connect_fields() if field[0] != name]


def plus(*fields):
    return lambda peer: peer.connect_fields(extra=fields)


def changed(name, value):
    return lambda peer: [(each, value if each == name else old) for each, old in peer.connect_fields()]


def get(*fields, first=()):
    return lambda peer: [*first, (":method", "GET"), (":scheme", "http"), (":authority", peer.authority), (":path", "/healthz"), *fields]


def malformed(name, make, *requirements):
    """The request is a stream error of PROTOCOL_ERROR; the connection and its sockets go on."""
    def play(server):
        with Peer(server.port) as peer:
            earlier = WebSocket(peer)
            equal(peer.reset_code(peer.headers(make(peer))), PROTOCOL_ERROR, "code of RST_STREAM")
            peer.is_well()
            earlier.echo(TEXT, b"still here")
    CASES.append((f"malformed: {name}", requirements, play))


malformed("extended CONNECT with an empty :authority", changed(":authority", ""), 244, 253)
malformed("extended CONNECT with user information in :authority", changed(":authority", "me@127.0.0.1"), 244, 253)
malformed("CONNECT with :scheme and :path but without :protocol", without(":protocol"), 243, 253)
malformed("duplicated :method", lambda peer: [(":method", "CONNECT"), *peer.connect_fields()], 253)
malformed("duplicated :path", lambda peer: [(":path", "/echo"), *peer.connect_fields()], 253)
malformed("duplicated :scheme", lambda peer: [(":scheme", "http"), *peer.connect_fields()], 253)
malformed("duplicated :authority", lambda peer: [(":authority", peer.authority), *peer.connect_fields()], 253)
malformed(":protocol with POST", changed(":method", "POST"), 253)
malformed("without :method", without(":method"), 253)
malformed(":status in a request", lambda peer: [(":status", "200"), *peer.connect_fields()], 253)
malformed("two Hosts, one of them different", lambda peer: plus(("host", peer.authority), ("host", "elsewhere.example"))(peer), 244, 247, 253)
malformed("space in a field name", plus(("a b", "x")), 253)
malformed("colon in a field name", plus(("a:b", "x")), 253)
malformed("CR in a value", plus(("x-a", "b\rc")), 253)
malformed("CRLF and a field in a value", plus(("x-a", "b\r\nx-c: d")), 253)
malformed("LF in :path", changed(":path", "/echo\nx"), 253)
malformed("space in :path", changed(":path", "/echo x"), 253)
malformed("NUL in :authority", changed(":authority", "127.0.0.1\0"), 244, 253)
malformed("GET with Connection", get(("connection", "close")), 246)
malformed("GET with Upgrade", get(("upgrade", "websocket")), 246)
malformed("GET with Transfer-Encoding", get(("transfer-encoding", "chunked")), 246)
malformed("GET without :path", lambda peer: [each for each in get()(peer) if each[0] != ":path"], 253)
malformed("GET with Host that differs from :authority", get(("host", "elsewhere.example")), 244, 253)
malformed("GET with an unknown pseudo-header", get(first=[(":color", "red")]), 253)
malformed("GET with CR in a value", get(("x-a", "b\rc")), 253)


# ── sockets ──

def _fails(server, code, data):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        pour(socket, data)
        equal(socket.close_code(), code, "close code")
        socket.end()
        peer.is_well()


@case("draft ENABLE_WEBSOCKETS and other unknown settings from a client are ignored", 261)
def unknown_settings(server):
    with Peer(server.port, settings={0x2B: 1, 0xFFFF: 7}) as peer:
        WebSocket(peer).echo(TEXT, b"hello")


@case("a key is not looked at, good or bad", 248)
def keys(server):
    with Peer(server.port) as peer:
        for key in ("dGhlIHNhbXBsZSBub25jZQ==", "x", "", "%%%"):
            socket = WebSocket(peer, extra=[("sec-websocket-key", key)])
            check("sec-websocket-accept" not in socket.fields, f"an answer to the key {key!r}")
            socket.echo(TEXT, b"hello")
            goodbye(socket)


@case("a Host field that says the same as :authority does no harm", 244, 247)
def same_host(server):
    with Peer(server.port) as peer:
        WebSocket(peer, extra=[("host", peer.authority)]).echo(TEXT, b"hello")


@case("frames right behind the request are taken", 250, 251)
def early_frames(server):
    with Peer(server.port) as peer:
        stream = peer.next_stream
        peer.next_stream += 2
        head = frames.HeadersFrame(stream, data=peer.encoder.encode(peer.connect_fields()), flags=["END_HEADERS"])
        data = frames.DataFrame(stream, data=WebSocket.frame(TEXT, b"early") + WebSocket.frame(BINARY, b"bird"))
        peer.raw(head.serialize() + data.serialize())
        socket = WebSocket(peer, stream=stream)
        equal([socket.take()[:2] for _ in range(2)], [(TEXT, b"early"), (BINARY, b"bird")], "echoes")
        goodbye(socket)


@case("reserved bits fail with 1002", 251)
def reserved_bits(server):
    _fails(server, 1002, WebSocket.frame(TEXT, b"hello", rsv1=True))


@case("a message over the limit fails with 1009", 251)
def too_long(server):
    _fails(server, 1009, b"\x82\xff" + struct.pack("!Q", (1 << 20) + 1) + bytes(4))


@case("after the close handshake the server ends the stream, the connection goes on", 251, 252)
def closes(server):
    with Peer(server.port) as peer:
        for body in (struct.pack("!H", 1000), struct.pack("!H", 1001) + b"bye", struct.pack("!H", 4999), b""):
            socket = WebSocket(peer)
            socket.echo(TEXT, b"hello")
            socket.send(CLOSE, body)
            opcode, payload, _ = socket.take()
            equal((opcode, payload[:2]), (CLOSE, body[:2]), "answer to Close")
            socket.end()
            check(not socket.bytes, f"bytes after Close: {socket.bytes!r}")
        peer.is_well()


@case("Close with END_STREAM on it is answered as well", 251, 252)
def closes_with_end(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        socket.echo(TEXT, b"hello")
        socket.send(CLOSE, struct.pack("!H", 1000), end=True)
        equal(socket.close_code(), 1000, "close code")
        socket.end()
        peer.is_well()


@case("many frames in one DATA frame, and padding around them", 251, 256)
def many_in_one(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        whole = b"".join(WebSocket.frame(TEXT, b"%d" % number) for number in range(1000))
        pour(socket, whole)
        for number in range(1000):
            equal(socket.take()[1], b"%d" % number, "message")
        for pad in (0, 1, 255):
            peer.send(frames.DataFrame(socket.stream, data=WebSocket.frame(TEXT, b"padded"), pad_length=pad, flags=["PADDED"]))
            equal(socket.take()[1], b"padded", "message")
        goodbye(socket)


@case("/chat hears what is said on another stream of the connection", 251)
def chat(server):
    with Peer(server.port) as peer:
        first, second = WebSocket(peer, "/chat"), WebSocket(peer, "/chat")
        words = os.urandom(8).hex().encode()
        first.send(TEXT, words)
        while words not in second.take()[1]:
            pass


@case("GET with the fields of an HTTP/1.1 handshake, without Connection and Upgrade, opens nothing", 246, 253)
def get_handshake(server):
    with Peer(server.port) as peer:
        stream = peer.request(path="/echo", extra=[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="), ("sec-websocket-version", "13")])
        check(peer.response(stream)[":status"] in ("400", "426"), "opened")
        peer.is_well()


@case("permessage-deflate: compressed both ways, with context takeover", 255)
def deflate(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer, extra=[("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")])
        agreed = socket.fields.get("sec-websocket-extensions", "")
        check(agreed.startswith("permessage-deflate"), f"agreed: {agreed!r}")
        parameters = dict((part.strip().partition("=")[::2]) for part in agreed.split(";")[1:])
        bits = int(parameters.get("client_max_window_bits") or 15)
        deflater, inflater = zlib.compressobj(wbits=-max(bits, 9)), zlib.decompressobj(wbits=-15)
        for number, message in enumerate((b"abc" * 5000, b"abc" * 5000, os.urandom(3000), b"", "grüß".encode() * 20000, b"abc" * 5000)):
            if "client_no_context_takeover" in parameters:
                deflater = zlib.compressobj(wbits=-max(bits, 9))
            if "server_no_context_takeover" in parameters:
                inflater = zlib.decompressobj(wbits=-15)
            packed = (deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]
            opcode = BINARY if number == 2 else TEXT
            socket.send(opcode, packed, rsv1=True)
            got, payload, compressed = socket.take()
            received = inflater.decompress(payload + b"\0\0\xff\xff") if compressed else payload
            equal((got, len(received), received == message), (opcode, len(message), True), f"message {number}")
            check(compressed or len(message) < 5000 or number == 2, f"message {number} came back uncompressed")
        goodbye(socket)


@case("permessage-deflate: damaged data fails with 1007 or 1002, the connection goes on", 255, 252)
def damaged(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer, extra=[("sec-websocket-extensions", "permessage-deflate")])
        socket.send(TEXT, b"\xff" * 40, rsv1=True)
        check(socket.close_code() in (1002, 1007), "close code")
        socket.end()
        peer.is_well()


@case("a fragmented message with a ping inside comes back whole", 251)
def fragments(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        socket.send(TEXT, "grüß ".encode()[:3], final=False)
        socket.send(PING, b"in between")
        socket.send(0, "grüß ".encode()[3:], final=False)
        socket.send(0, b"", final=False)
        socket.send(0, b"dich")
        found = {socket.take()[:2] for _ in range(2)}
        equal(found, {(PONG, b"in between"), (TEXT, "grüß dich".encode())}, "answers")
        goodbye(socket)


@case("malformed: white space around a value", 253)
def white_space(server):
    # RFC 9113 §8.2.1: a value MUST NOT start or end with SP or HTAB.
    for value in (" a", "\ta", "a ", "a\t"):
        with Peer(server.port) as peer:
            equal(peer.reset_code(peer.headers(peer.connect_fields(extra=[("x", value)]))), PROTOCOL_ERROR, f"code of RST_STREAM for {value!r}")
            peer.is_well()


@case("malformed: an empty field name", 253)
def empty_name(server):
    # The connection may go as well: RFC 9113 §5.4.2 leaves that to the server, but it has to say why.
    with Peer(server.port) as peer:
        stream = peer.headers(peer.connect_fields(extra=[("", "x")]))
        frame = peer.wait(lambda each: isinstance(each, (frames.RstStreamFrame, frames.GoAwayFrame)) or each.stream_id == stream)
        check(isinstance(frame, (frames.RstStreamFrame, frames.GoAwayFrame)), f"{frame}")
        check(frame.error_code in (PROTOCOL_ERROR, COMPRESSION_ERROR), f"{frame}")


@case("refused: a :path that does not begin with a slash", 250, 253)
def relative_path(server):
    with Peer(server.port) as peer:
        for path in ("echo", "*", "http://127.0.0.1/echo"):
            stream = peer.headers(peer.connect_fields(path))
            frame = peer.wait(lambda each, stream=stream: each.stream_id == stream)
            if isinstance(frame, frames.HeadersFrame):
                check(dict(frame.fields)[":status"] in ("400", "404"), f"{path}: {frame.fields}")
            else:
                equal(frame.error_code, PROTOCOL_ERROR, "code of RST_STREAM")
            peer.is_well()


@case("TE: trailers is allowed", 246)
def te_trailers(server):
    with Peer(server.port) as peer:
        WebSocket(peer, extra=[("te", "trailers")]).echo(TEXT, b"hello")


@case("RFC 9113 §8.5: HEADERS inside the tunnel are a stream error, with END_STREAM or without", 251, 253)
def headers_in_tunnel(server):
    with Peer(server.port) as peer:
        for end in (False, True):
            socket, other = WebSocket(peer), WebSocket(peer)
            peer.headers([("x", "y")], stream=socket.stream, end=end)
            frame = peer.wait(lambda each, socket=socket: each.stream_id == socket.stream)
            check(isinstance(frame, frames.RstStreamFrame), f"{frame} instead of RST_STREAM after HEADERS {'with' if end else 'without'} END_STREAM")
            other.echo(TEXT, b"still here")


@case("a body shorter or longer than its Content-Length is a stream error", 253)
def content_length(server):
    # RFC 9113 §8.1.1. An answer may come before.
    for sent in (b"abc", b"abcdefgh"):
        with Peer(server.port) as peer:
            stream = peer.request("POST", "/healthz", extra=[("content-length", "5")], end=False)
            peer.data_in_window(stream, sent, end=True)
            frame = peer.wait(lambda each, stream=stream: each.stream_id == stream and not isinstance(each, frames.WindowUpdateFrame))
            if isinstance(frame, frames.HeadersFrame):
                check(dict(frame.fields)[":status"][0] == "4", f"{frame.fields} for {len(sent)} bytes of 5")
            else:
                equal(frame.error_code, PROTOCOL_ERROR, "code of RST_STREAM")
            peer.is_well()


# ── flow control ──

@case("a client whose windows are 0 gets the echo once it opens them, by SETTINGS or WINDOW_UPDATE", 256)
def initial_window(server):
    with Peer(server.port, settings={4: 0}) as peer:
        first, second = WebSocket(peer), WebSocket(peer)
        for socket in (first, second):
            socket.send(TEXT, b"hello")
        ping(peer)
        check(not any(isinstance(each, frames.DataFrame) for each in peer.queue), "DATA beyond the window")
        peer.window(first.stream, 7)
        equal(first.take()[:2], (TEXT, b"hello"), "echo after WINDOW_UPDATE")
        check(not any(isinstance(each, frames.DataFrame) for each in peer.queue), "DATA on the other stream")
        peer.send(frames.SettingsFrame(0, settings={4: 65535}))
        equal(second.take()[:2], (TEXT, b"hello"), "echo after SETTINGS")
        peer.send(frames.SettingsFrame(0, settings={4: 0}))
        peer.window(first.stream, 65535)
        first.echo(TEXT, b"again")


@case("a message that the window lets go byte by byte comes whole", 256)
def trickle(server):
    with Peer(server.port, settings={4: 0}, opens_windows=False) as peer:
        socket = WebSocket(peer)
        socket.send(TEXT, b"hello, world")
        for _ in range(14):
            peer.window(socket.stream, 1)
            frame = peer.wait(lambda each: isinstance(each, frames.DataFrame))
            equal(len(frame.data), 1, "bytes in a window of 1")
            socket.bytes += frame.data
        equal(socket.take()[:2], (TEXT, b"hello, world"), "echo")


@case("the window of the connection holds for all its streams", 256)
def connection_window(server):
    with Peer(server.port, settings={4: (1 << 31) - 1}, opens_windows=False) as peer:
        everybody = [WebSocket(peer) for _ in range(4)]
        payload = os.urandom(40_000)
        for socket in everybody:
            socket.send(BINARY, payload)
        got, kept = 0, []
        while got < 65535:
            kept.append(peer.wait(lambda each: isinstance(each, frames.DataFrame)))
            got += len(kept[-1].data)
        equal(got, 65535, "bytes within the window of the connection")
        ping(peer)
        check(not any(isinstance(each, frames.DataFrame) for each in peer.queue), "DATA beyond the window of the connection")
        peer.window(0, 1 << 20)
        peer.queue = kept + peer.queue
        for socket in everybody:
            equal(socket.take()[:2], (BINARY, payload), "echo")


@case("DATA beyond the server's window is a flow-control error", 256)
def over_the_window(server):
    with Peer(server.port, opens_windows=False) as peer:
        socket = WebSocket(peer)
        # Nobody takes the echoes, so the window does not open for ever.
        whole = raw_frame(0, 0, socket.stream, WebSocket.frame(BINARY, bytes(16000)))
        with suppress(ConnectionError):
            for _ in range(600):
                peer.raw(whole)
        end = peer.wait(lambda each: isinstance(each, (frames.GoAwayFrame, frames.RstStreamFrame)))
        equal(end.error_code, FLOW_CONTROL_ERROR, f"code of {type(end).__name__}")
    with Peer(server.port) as peer:
        peer.is_well()


# ── the end ──

@case("SIGTERM: an idle connection ends at once, one with a socket waits for the close handshake", 258)
def shutdown_waits(server):
    with Peer(server.port) as idle, Peer(server.port) as peer:
        idle.is_well()
        everybody = [WebSocket(peer) for _ in range(3)]
        server.process.send_signal(signal.SIGTERM)
        for socket in everybody:
            equal(socket.close_code(), 1001, "close code")
        equal(idle.goaway(), 0, "code of GOAWAY on the idle connection")
        idle.until_end()
        # Nobody has answered: the streams are still there, and so is the connection.
        ping(peer)
        check(server.process.poll() is None, "the process has ended too early")
        for socket in everybody:
            socket.send(CLOSE, struct.pack("!H", 1001))
            socket.end()
        found = peer.until_end()
        check([each.error_code for each in found if isinstance(each, frames.GoAwayFrame)][-1:] == [0], f"no GOAWAY with 0 in {found}")
    equal(server.exit_status(), 0, "exit status")


@case("SIGTERM: a client that answers neither Close nor GOAWAY is not waited for", 258)
def shutdown_ignored(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        server.process.send_signal(signal.SIGTERM)
        equal(socket.close_code(), 1001, "close code")
        equal(server.exit_status(), 0, "exit status")


@case("RST_STREAM with CANCEL is the end of a socket: /chat goes on for the others", 252)
def reset_is_the_end(server):
    with Peer(server.port) as peer:
        first, second, third = (WebSocket(peer, "/chat") for _ in range(3))
        peer.reset(first.stream)
        ping(peer)
        words = os.urandom(8).hex().encode()
        second.send(TEXT, words)
        while words not in third.take()[1]:
            pass
        check(not any(each.stream_id == first.stream and isinstance(each, frames.DataFrame) and words in each.data for each in peer.queue),
              "words for a stream that was reset")


@case("a socket whose client does not end it in time is reset with CANCEL, the connection goes on", 252, 260)
def our_abort(server):
    with Peer(server.port) as peer:
        for last in ([], [(CLOSE, struct.pack("!H", 1000))]):
            socket = WebSocket(peer)
            socket.send(TEXT, b"hello", rsv1=True)
            equal(socket.close_code(), 1002, "close code")
            for opcode, payload in last:
                socket.send(opcode, payload)
            frame = peer.wait(lambda each, socket=socket: each.stream_id == socket.stream and isinstance(each, frames.RstStreamFrame))
            equal(frame.error_code, CANCEL, "code of RST_STREAM")
            peer.is_well()


# ── one port ──

@case("HTTP/1.1: an upgrade and plain requests beside HTTP/2 connections", 250)
def beside_http1(server):
    with Peer(server.port) as peer, sockets.create_connection(("127.0.0.1", server.port), 20) as sock:
        socket = WebSocket(peer)
        sock.sendall(f"GET /echo HTTP/1.1\r\nHost: {peer.authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += sock.recv(65536)
        check(answer.startswith(b"HTTP/1.1 101 "), f"{answer[:80]!r}")
        sock.sendall(WebSocket.frame(TEXT, b"one"))
        equal(sock.recv(100), b"\x81\x03one", "echo over HTTP/1.1")
        socket.echo(TEXT, b"two")


@case("HTTP/1.1: Upgrade: h2c is an ordinary request", 250)
def h2c(server):
    with sockets.create_connection(("127.0.0.1", server.port), 20) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
        check(answer.startswith(b"HTTP/1.1 200 "), f"{answer[:80]!r}")


@case("the preface and a request, byte by byte and cut anywhere", 250)
def preface_in_pieces(server):
    def whole(peer):
        head = frames.HeadersFrame(1, data=peer.encoder.encode([(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/healthz")]),
                                   flags=["END_HEADERS", "END_STREAM"])
        return PREFACE + frames.SettingsFrame(0).serialize() + head.serialize()

    with Peer(server.port, preface=False) as peer:
        length = len(whole(peer))
    for cuts in [range(length)] + [(0, at) for at in range(1, length, 3)]:
        with Peer(server.port, preface=False) as peer:
            peer.socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
            data, edges = whole(peer), [*cuts, length]
            send_in_pieces(peer.socket, [data[start:end] for start, end in zip(edges, edges[1:])])
            equal(peer.response(1)[":status"], "200", "status")


@case("a wrong preface closes the connection", 257)
def wrong_preface(server):
    for start in (PREFACE[:-2] + b"XX", b"PRI * HTTP/2.0\r\n\r\nXX", PREFACE[:18] + b"SN\r\n\r\n"):
        with sockets.create_connection(("127.0.0.1", server.port), 20) as sock:
            sock.sendall(start)
            answer = b""
            with suppress(ConnectionResetError):
                answer = b"".join(iter(lambda: sock.recv(65536), b""))
            check(answer == b"" or answer.startswith(b"HTTP/1.1 4") or answer.startswith(b"HTTP/1.1 505"), f"{answer[:80]!r}")


@case("something other than SETTINGS behind the preface is a connection error", 257)
def settings_first(server):
    with Peer(server.port, preface=False) as peer:
        peer.raw(PREFACE + raw_frame(6, 0, 0, b"12345678"))
        equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")
        peer.until_end()


# ── RFC 9113 ──

def connection_error(name, codes, send):
    """GOAWAY with one of these codes, and the end of the connection; other connections do not notice."""
    def play(server):
        with Peer(server.port) as other, Peer(server.port) as peer:
            peer.is_well()
            socket = WebSocket(other)
            with suppress(ConnectionError):
                send(peer)
            code = peer.goaway()
            check(code in codes, f"GOAWAY {code} instead of {codes}")
            peer.until_end()
            socket.echo(TEXT, b"still here")
    CASES.append((f"RFC 9113: {name}", (), play))


def stream_error(name, codes, send, may_end_connection=True):
    """`send` returns the stream, which is reset with one of these codes, or the connection ends with one."""
    def play(server):
        with Peer(server.port) as peer:
            stream = send(peer)
            frame = peer.wait(lambda each: isinstance(each, frames.GoAwayFrame) or isinstance(each, frames.RstStreamFrame) and each.stream_id == stream)
            check(frame.error_code in codes, f"{frame} instead of {codes}")
            check(may_end_connection or isinstance(frame, frames.RstStreamFrame), f"{frame}")
            if isinstance(frame, frames.RstStreamFrame):
                peer.is_well()
    CASES.append((f"RFC 9113: {name}", (), play))


def opened(peer):
    return WebSocket(peer).stream


def answered(peer):
    stream = peer.request()
    peer.response(stream)
    peer.body(stream)
    return stream


def after(stream, *payloads):
    """Sends on a stream that `stream` opens. Payloads are made of its number."""
    def send(peer):
        number = stream(peer)
        for payload in payloads:
            peer.raw(payload(number))
        return number
    return send


connection_error("HEADERS on stream 0", (1,), lambda peer: peer.raw(raw_frame(1, 5, 0, b"\x82")))
connection_error("PRIORITY on stream 0", (1,), lambda peer: peer.raw(raw_frame(2, 0, 0, b"\0\0\0\1\0")))
connection_error("RST_STREAM on stream 0", (1,), lambda peer: peer.raw(raw_frame(3, 0, 0, b"\0\0\0\1")))
connection_error("CONTINUATION on stream 0", (1,), lambda peer: peer.raw(raw_frame(9, 4, 0, b"")))
connection_error("GOAWAY on a stream", (1,), lambda peer: peer.raw(raw_frame(7, 0, 1, bytes(8))))
connection_error("GOAWAY of seven bytes", (6,), lambda peer: peer.raw(raw_frame(7, 0, 0, bytes(7))))
connection_error("RST_STREAM of three bytes", (6,), lambda peer: peer.raw(raw_frame(3, 0, opened(peer), bytes(3))))
connection_error("PING of nine bytes", (6,), lambda peer: peer.raw(raw_frame(6, 0, 0, bytes(9))))
connection_error("WINDOW_UPDATE on an idle stream", (1,), lambda peer: peer.window(101, 1))
connection_error("CONTINUATION on another stream", (1,), lambda peer: peer.raw(raw_frame(1, 1, 101, b"\x82") + raw_frame(9, 4, 103, b"")))
connection_error("a frame of unknown type between HEADERS and CONTINUATION", (1,), lambda peer: peer.raw(raw_frame(1, 1, 101, b"\x82") + raw_frame(0xBE, 0, 0, b"")))
connection_error("HEADERS over SETTINGS_MAX_FRAME_SIZE", (6,), lambda peer: peer.raw(raw_frame(1, 5, 101, bytes(16385))))
connection_error("SETTINGS over SETTINGS_MAX_FRAME_SIZE", (6,), lambda peer: peer.raw(raw_frame(4, 0, 0, b"\0\x99\0\0\0\1" * 2731)))
connection_error("SETTINGS_MAX_FRAME_SIZE of 2^24", (1,), lambda peer: peer.raw(raw_frame(4, 0, 0, b"\0\5\1\0\0\0")))
connection_error("SETTINGS_INITIAL_WINDOW_SIZE that overflows the window of a stream", (3,),
                 lambda peer: (peer.window(opened(peer), (1 << 31) - 1 - 65535), peer.send(frames.SettingsFrame(0, settings={4: 65536}))))
connection_error("DATA with padding longer than the frame", (1,), lambda peer: peer.raw(raw_frame(0, 8, opened(peer), b"\x0aabc")))
connection_error("hpack: index 0", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\x80")))
connection_error("hpack: an index beyond the table", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\xff\x50")))
connection_error("hpack: a table larger than the server allows", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\x3f\xe2\x1f\x82")))
connection_error("hpack: a change of the table's size behind a field", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\x82\x86\x20")))
connection_error("hpack: Huffman padding longer than seven bits", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\x82\x00\x81\xff\x82\xff\xff")))
connection_error("hpack: a string cut short", (9,), lambda peer: peer.raw(raw_frame(1, 5, 101, b"\x82\x00\x05ab")))

stream_error("WINDOW_UPDATE of 0 on a stream", (1,), after(opened, lambda number: raw_frame(8, 0, number, bytes(4))))
stream_error("PRIORITY of four bytes", (6,), after(opened, lambda number: raw_frame(2, 0, number, bytes(4))))
stream_error("DATA on a stream whose half of the client is closed", (STREAM_CLOSED,),
             after(lambda peer: peer.request(), lambda number: raw_frame(0, 0, number, b"x")))
stream_error("DATA on a stream that was reset by the client", (STREAM_CLOSED,),
             after(opened, lambda number: raw_frame(3, 0, number, b"\0\0\0\x08"), lambda number: raw_frame(0, 0, number, b"x")))
stream_error("HEADERS on a stream that has ended", (STREAM_CLOSED, 1), after(answered, lambda number: raw_frame(1, 5, number, b"\x82\x86\x84")))
stream_error("a second HEADERS without END_STREAM", (1,),
             lambda peer: (lambda stream: peer.headers([("x", "y")], stream=stream))(peer.request("POST", end=False)))
stream_error("trailers with a pseudo-header", (1,),
             lambda peer: (lambda stream: peer.headers([(":path", "/")], stream=stream, end=True))(peer.request("POST", end=False)))


@case("RFC 9113: the reserved bit before a stream's number is ignored, and so is a PING ACK nobody asked for")
def reserved_bit(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        peer.raw(raw_frame(6, 1, 0, b"unasked!") + raw_frame(0, 0, socket.stream | 1 << 31, WebSocket.frame(TEXT, b"hello")))
        equal(socket.take()[:2], (TEXT, b"hello"), "echo")


@case("RFC 9113: SETTINGS are acknowledged, each once")
def settings_ack(server):
    with Peer(server.port) as peer:
        for value in (1, 2, 3):
            peer.send(frames.SettingsFrame(0, settings={3: value}))
        ping(peer)
        equal(sum(isinstance(each, frames.SettingsFrame) and "ACK" in each.flags for each in peer.queue), 4, "acknowledgements, of the first SETTINGS and three more")


@case("RFC 9113: a header block in HEADERS and CONTINUATION, cut at every byte", 242)
def header_block_cut(server):
    at, length = 0, 1
    while at <= length:
        # A connection for each, so that the block is the same each time.
        with Peer(server.port) as peer:
            block = peer.encoder.encode(peer.connect_fields())
            length = len(block)
            peer.raw(raw_frame(1, 0, 1, block[:at]) + raw_frame(9, 4, 1, block[at:]))
            WebSocket(peer, stream=1).echo(TEXT, b"hello")
        at += 1


@case("RFC 9113: a stream that depends on itself is an error or ignored, never worse")
def self_dependency(server):
    with Peer(server.port) as peer:
        socket = WebSocket(peer)
        peer.raw(raw_frame(2, 0, socket.stream, struct.pack("!IB", socket.stream, 15)))
        peer.send(frames.PingFrame(0, opaque_data=b"12345678"))
        frame = peer.wait(lambda each: isinstance(each, (frames.PingFrame, frames.RstStreamFrame, frames.GoAwayFrame)))
        check(isinstance(frame, frames.PingFrame) or frame.error_code == PROTOCOL_ERROR, f"{frame}")
    with Peer(server.port) as peer:
        peer.is_well()


# ── floods ──

def bounded(name, send, *requirements):
    """What a client can make the server keep is little, and other connections are served meanwhile."""
    def play(server):
        with Peer(server.port) as other, Peer(server.port) as peer:
            socket = WebSocket(other)
            before = server.resident()
            peer.socket.settimeout(3)
            with suppress(OSError):
                send(peer)
            socket.echo(TEXT, b"not disturbed")
            other.is_well()
            grown = server.resident() - before
            check(grown < 32 << 10, f"memory grew by {grown} KiB")
    CASES.append((f"flood: {name}", requirements, play))


bounded("a hundred thousand PINGs of a client that never reads", lambda peer: [peer.raw(raw_frame(6, 0, 0, b"12345678") * 1000) for _ in range(100)], 257)
bounded("a hundred thousand SETTINGS of a client that never reads", lambda peer: [peer.raw(raw_frame(4, 0, 0) * 1000) for _ in range(100)], 257)
bounded("a hundred thousand WINDOW_UPDATEs", lambda peer: [peer.raw(raw_frame(8, 0, 0, b"\0\0\0\1") * 1000) for _ in range(100)], 257)
bounded("PRIORITY for a hundred thousand idle streams",
        lambda peer: [peer.raw(b"".join(raw_frame(2, 0, 2 * (1000 * index + each) + 101, b"\0\0\0\0\x0f") for each in range(1000))) for index in range(100)], 257)
bounded("ten connections of a hundred streams each that never say more, one after another",
        lambda peer: [_half_requests(int(peer.authority.rpartition(":")[2])) for _ in range(10)], 257)
bounded("WebSocket pings over HTTP/2 of a client that takes no pongs", lambda peer: _pings(peer), 256, 257)


def _pings(peer):
    """13 MB of them; a server may answer the last one only (RFC 6455 §5.5.3), or let the window shut."""
    peer.opens_windows = False
    socket = WebSocket(peer)
    data = WebSocket.frame(PING, b"p" * 125) * 100
    for _ in range(1000):
        while min(peer.windows[0], peer.windows.get(socket.stream, peer.initial_window)) < len(data):
            # A second without a window is as good as for ever.
            peer.take(1)
        peer.data_in_window(socket.stream, data)


def _half_requests(port):
    with Peer(port) as peer:
        for _ in range(100):
            peer.request("POST", "/healthz", end=False)
        ping(peer)


@case("flood: requests reset at once bring GOAWAY with ENHANCE_YOUR_CALM", 257)
def rapid_reset(server):
    with Peer(server.port) as other, Peer(server.port) as peer:
        socket = WebSocket(other)
        with suppress(ConnectionError):
            for _ in range(1000):
                peer.reset(peer.request(end=False))
        equal(peer.goaway(), ENHANCE_YOUR_CALM, "code of GOAWAY")
        peer.until_end()
        socket.echo(TEXT, b"not disturbed")


@case("flood: sockets of one address over its limit are refused, whatever connections they are on", 257)
def sockets_of_an_address(server):
    del server
    with ExitStack() as stack:
        proxied = stack.enter_context(Server("--proxy-protocol", "--trust-proxy", "127.0.0.1"))

        def connection(client):
            sock = sockets.create_connection(("127.0.0.1", proxied.port), 20)
            sock.sendall(f"PROXY TCP4 {client} 127.0.0.1 4711 80\r\n".encode())
            return stack.enter_context(Peer(proxied.port, sock=sock))

        # Each connection counts for one as well.
        count, peers = 0, []
        while count < 1024:
            peers.append(connection("192.0.2.1"))
            count += 1
            several = min(100, 1024 - count)
            for stream in [peers[-1].headers(peers[-1].connect_fields()) for _ in range(several)]:
                equal(peers[-1].response(stream)[":status"], "200", f"status of one of the first {count + several}")
            count += several
        refused = peers[-1].headers(peers[-1].connect_fields())
        equal(peers[-1].response(refused)[":status"], "503", "status of one too many")
        with sockets.create_connection(("127.0.0.1", proxied.port), 20) as sock:
            sock.sendall(b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n")
            equal(sock.recv(100), b"", "one connection too many")
        other = connection("192.0.2.2")
        WebSocket(other).echo(TEXT, b"somebody else")
        # There is room again when one has ended.
        peers[0].reset(1)
        ping(peers[0])
        WebSocket(peers[0]).echo(TEXT, b"room again")


# ── other people's clients ──

@case("nghttp and h2load: plain requests", 250)
def nghttp(server):
    check(shutil.which("nghttp") and shutil.which("h2load"), "apt-get install nghttp2-client")
    url = f"http://127.0.0.1:{server.port}/healthz"
    done = subprocess.run(["nghttp", "-v", url], capture_output=True, text=True, timeout=60)
    check(":status: 200" in done.stdout, done.stdout[-400:])
    check("SETTINGS_ENABLE_CONNECT_PROTOCOL(0x08):1" in done.stdout, "nghttp sees no ENABLE_CONNECT_PROTOCOL")
    done = subprocess.run(["h2load", "-n", "5000", "-c", "8", "-m", "50", url], capture_output=True, text=True, timeout=120)
    check("5000 2xx, 0 3xx, 0 4xx, 0 5xx" in done.stdout, done.stdout[-600:])
