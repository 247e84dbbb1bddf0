"""What requirements 238–261 ask of a client, and RFC 9113 of what a client is told. A case says its requirements behind its name."""

import ssl
import struct
import zlib

from hyperframe import frame as frames

from peer import CANCEL, ENABLE_CONNECT_PROTOCOL, ENHANCE_YOUR_CALM, NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM
from upstream import SPEAKS, Client, accepted

import certificate
from harness import check, equal

CASES = []
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, ENABLE_PUSH = 3, 4, 2
NORMAL = struct.pack("!H", 1000)


def case(name, *requirements):
    """Registers a function that starts its own client."""
    def register(function):
        CASES.append((f"client: {name}", requirements, function))
        return function
    return register


def converses(client, peer):
    """Something goes there and back, and both sides close in order."""
    client.type(b"hello")
    found = peer.hear()
    equal((found.opcode, found.payload), (TEXT, b"hello"), "what the client sends")
    peer.say(TEXT, b"and back")
    equal(client.line(), b"and back", "what the client prints")
    client.end_input()
    equal(peer.hear().opcode, CLOSE, "opcode")
    peer.say(CLOSE, NORMAL, end=True)
    peer.hears_end()
    equal((client.exit_status(), client.error_text()), (0, ""), "exit status and standard error")


# ── the setting ──

@case("nothing is asked for before SETTINGS say that it may be", 241)
def waits():
    with Client() as client, client.accept(settings=None) as peer:
        peer.silence(0.5)
        peer.announce(SPEAKS)
        peer.opening()
        check(any(isinstance(each, frames.SettingsFrame) and "ACK" in each.flags for each in peer.queue), "no ACK before HEADERS")
        peer.answer()
        converses(client, peer)


@case("without the setting, with 0, and with one that comes too late there is no WebSocket over HTTP/2", 241)
def without():
    for first, later in (({}, None), ({ENABLE_CONNECT_PROTOCOL: 0}, None), ({MAX_CONCURRENT_STREAMS: 10}, SPEAKS)):
        with Client() as client:
            with client.accept(settings=None) as peer:
                peer.announce(*([first, later] if later else [first]))
                peer.asks_for_nothing()
            client.fails(2, "no WebSocket over it (RFC 8441)")
            client.nobody_else()


@case("a server without the setting is asked once more, over HTTP/1.1", 20, 241)
def falls_back():
    with certificate.made() as (path, key), Client("--ca", path, url="wss://127.0.0.1:{port}/", version=()) as client:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with client.accept(settings={}, context=context) as peer:
            equal(peer.socket.selected_alpn_protocol(), "h2", "what ALPN agrees on at first")
            peer.asks_for_nothing()
        with client.accept_socket(context) as sock:
            equal(sock.selected_alpn_protocol(), "http/1.1", "what ALPN agrees on then")
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                more = sock.recv(4096)
                check(more, f"the connection ended after {head!r}")
                head += more
            check(head.startswith(b"GET / HTTP/1.1\r\n") and b"Sec-WebSocket-Key: " in head, f"request {head!r}")
            sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            client.fails(2, "403")


@case("a value of the setting that is neither 0 nor 1 ends the connection", 238)
def invalid_setting():
    with Client() as client:
        with client.accept(settings={ENABLE_CONNECT_PROTOCOL: 2}) as peer:
            equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")
            peer.asks_for_nothing()
        client.fails(2)


@case("a setting that becomes 0 ends the connection, and its WebSockets", 238, 239)
def withdrawn_setting():
    with Client() as client:
        with accepted(client) as peer:
            peer.announce({ENABLE_CONNECT_PROTOCOL: 0})
            equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")
        client.fails(1, "1006")


@case("other settings may change, and 1 may be said again", 241)
def repeated_setting():
    with Client() as client, accepted(client) as peer:
        peer.announce({MAX_CONCURRENT_STREAMS: 7, ENABLE_CONNECT_PROTOCOL: 1})
        peer.wait(lambda each: isinstance(each, frames.SettingsFrame) and "ACK" in each.flags)
        converses(client, peer)


# ── the request ──

@case("the request is an extended CONNECT with exactly its pseudo-header fields", 242, 243, 244, 245, 246, 247, 248, 249)
def request():
    with Client("--no-compression", "--subprotocol", "chat", "--subprotocol", "superchat", "--origin", "https://a.example",
                "-H", "X-Bird: martlet", url="ws://127.0.0.1:{port}/some/path?a=b") as client, client.accept() as peer:
        frame = peer.opening()
        equal(frame.stream_id, 1, "stream")
        check("END_STREAM" not in frame.flags, "END_STREAM on the request")
        pseudo = [field for field in frame.fields if field[0].startswith(":")]
        equal(sorted(pseudo), sorted([(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"),
                                      (":authority", f"127.0.0.1:{client.port}"), (":path", "/some/path?a=b")]), "pseudo-header fields")
        equal([tuple(field) for field in frame.fields[:len(pseudo)]], [tuple(field) for field in pseudo], "fields at the front")
        fields = dict(frame.fields[len(pseudo):])
        equal(len(fields), len(frame.fields) - len(pseudo), "fields that are there once")
        equal([fields.get(name) for name in ("sec-websocket-version", "sec-websocket-protocol", "origin", "x-bird")],
              ["13", "chat, superchat", "https://a.example", "martlet"], "fields")
        # Of HTTP/1.1, of its handshake, and of requests that have a body.
        for name in ("host", "connection", "upgrade", "sec-websocket-key", "keep-alive", "proxy-connection", "transfer-encoding", "te",
                     "content-length", "sec-websocket-extensions"):
            check(name not in fields, f"{name}: {fields}")
        check(all(name == name.lower() for name, _ in frame.fields), f"capitals: {frame.fields}")
        peer.answer(("sec-websocket-protocol", "superchat"))
        converses(client, peer)


@case("wss: is https, over ALPN's h2", 20, 245)
def secure_request():
    with certificate.made() as (path, key), Client("--ca", path, url="wss://127.0.0.1:{port}/") as client:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with client.accept(context=context) as peer:
            equal(dict(peer.opening().fields)[":scheme"], "https", "scheme")
            peer.answer()
            converses(client, peer)


@case("server push is turned off, and a promise all the same ends the connection", 246)
def push():
    with Client() as client:
        with client.accept() as peer:
            equal(peer.settings.get(ENABLE_PUSH), 0, "SETTINGS_ENABLE_PUSH")
            stream = peer.opening().stream_id
            fields = [(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/")]
            peer.send(frames.PushPromiseFrame(stream, promised_stream_id=2, data=peer.encoder.encode(fields), flags=["END_HEADERS"]))
            equal(peer.goaway(), PROTOCOL_ERROR, "code of GOAWAY")
        client.fails(2)


# ── the answer ──

@case("any 2xx is success, and no accept value is looked at", 248, 250)
def success():
    for status, fields in (("200", ()), ("201", ()), ("299", ()), ("200", (("sec-websocket-accept", "nonsense"),))):
        with Client() as client, client.accept() as peer:
            peer.opening()
            # What is informational goes before it.
            peer.answer(status="103")
            peer.answer(*fields, status=status)
            converses(client, peer)


@case("another status is a refusal, and shown with its fields and body", 250)
def refusal():
    for status in ("302", "400", "403", "404", "500", "501"):
        with Client() as client:
            with client.accept() as peer:
                peer.opening()
                peer.answer(("x-why", "moulting"), ("location", "/elsewhere"), status=status)
                peer.data(1, b"Not today.", end=True)
                client.fails(2, status, "x-why: moulting", "Not today.")
            client.nobody_else()


@case("101 is no answer of HTTP/2", 250)
def switching():
    with Client() as client:
        with client.accept() as peer:
            peer.opening()
            peer.answer(status="101")
            equal(peer.reset_code(1), PROTOCOL_ERROR, "code of RST_STREAM")
            client.fails(2, "101")


@case("an extension or a subprotocol that was not offered is no agreement", 249)
def not_offered():
    for field in (("sec-websocket-protocol", "other"), ("sec-websocket-extensions", "x-unknown"),
                  ("sec-websocket-extensions", "permessage-deflate; server_max_window_bits=99")):
        with Client("--subprotocol", "chat") as client:
            with client.accept() as peer:
                peer.opening()
                peer.answer(field)
                client.fails(2, "not valid")


def _malformed(name, fields):
    """The answer is a stream error of PROTOCOL_ERROR."""
    def play():
        with Client() as client:
            with client.accept() as peer:
                peer.opening()
                peer.headers(fields, stream=1)
                equal(peer.reset_code(1), PROTOCOL_ERROR, "code of RST_STREAM")
            client.fails(2)
    CASES.append((f"client: malformed answer: {name}", (246, 253), play))


_malformed("no :status", [("x", "y")])
_malformed(":status twice", [(":status", "200"), (":status", "200")])
_malformed(":status behind a field", [("x", "y"), (":status", "200")])
_malformed("a pseudo-header of requests", [(":status", "200"), (":protocol", "websocket")])
_malformed("an unknown pseudo-header", [(":status", "200"), (":upgrade", "websocket")])
_malformed("capitals", [(":status", "200"), ("X-Bird", "martlet")])
_malformed("Connection", [(":status", "200"), ("connection", "upgrade")])
_malformed("Upgrade", [(":status", "200"), ("upgrade", "websocket")])
_malformed("Keep-Alive", [(":status", "200"), ("keep-alive", "timeout=5")])
_malformed("Proxy-Connection", [(":status", "200"), ("proxy-connection", "keep-alive")])
_malformed("Transfer-Encoding", [(":status", "200"), ("transfer-encoding", "chunked")])


# ── the conversation ──

@case("a conversation in DATA: masked there, unmasked back, cut anywhere, closed with END_STREAM", 251, 252)
def conversation():
    with Client() as client, accepted(client) as peer:
        converses(client, peer)
    with Client() as client, accepted(client) as peer:
        for byte in b"\x81\x05hello":
            peer.data(1, bytes([byte]))
        equal(client.line(), b"hello", "what the client prints")
        client.end_input()
        equal(peer.hear().opcode, CLOSE, "opcode")
        peer.say(CLOSE, NORMAL, end=True)
        peer.hears_end()
        equal(client.exit_status(), 0, "exit status")


@case("frames in the same segment as the answer, and the end right behind them", 251, 252)
def at_once():
    with Client() as client, client.accept() as peer:
        peer.opening()
        head = frames.HeadersFrame(1, data=peer.encoder.encode([(":status", "200")]), flags=["END_HEADERS"])
        data = frames.DataFrame(1, data=b"\x81\x02hi\x88\x02\x03\xe8", flags=["END_STREAM"])
        peer.raw(head.serialize() + data.serialize())
        equal(client.line(), b"hi", "what the client prints")
        equal(client.exit_status(), 0, "exit status")


@case("a masked frame of the server is a violation, told before the end of the stream", 251)
def masked():
    with Client() as client:
        with accepted(client) as peer:
            peer.data(1, b"\x81\x82\x01\x02\x03\x04\x00\x00")
            equal(peer.hear().payload[:2], struct.pack("!H", 1002), "code of Close")
            peer.say(CLOSE, struct.pack("!H", 1002), end=True)
            peer.hears_end()
        client.fails(1, "1002")


@case("END_STREAM without Close is an end like that of TCP: 1006", 252)
def end_without_close():
    with Client() as client:
        with accepted(client) as peer:
            peer.data(1, b"", end=True)
            peer.hears_end()
        client.fails(1, "1006")


@case("RST_STREAM is an end like a reset of TCP: 1006", 252)
def reset():
    for code in (NO_ERROR, PROTOCOL_ERROR, CANCEL, REFUSED_STREAM, ENHANCE_YOUR_CALM, 0x1234):
        with Client() as client:
            with accepted(client) as peer:
                peer.say(TEXT, b"last words")
                equal(client.line(), b"last words", "what the client prints")
                peer.reset(1, code)
                client.fails(1, "1006")


@case("RST_STREAM instead of an answer is no connection, and said", 252)
def reset_before():
    for code in (PROTOCOL_ERROR, CANCEL, REFUSED_STREAM, ENHANCE_YOUR_CALM):
        with Client() as client:
            with client.accept() as peer:
                peer.opening()
                peer.reset(1, code)
                client.fails(2, "reset the stream")
            # It was a fresh connection: another would fare no better.
            client.nobody_else()


@case("END_STREAM on the answer leaves no WebSocket", 252)
def ended_answer():
    with Client() as client:
        with client.accept() as peer:
            peer.opening()
            peer.answer(end=True)
        client.fails(1, "1006")


@case("trailers on an open WebSocket are an error of the stream", 251)
def trailers():
    with Client() as client:
        with accepted(client) as peer:
            peer.headers([("x", "y")], stream=1, end=True)
            frame = peer.wait(lambda each: isinstance(each, frames.RstStreamFrame))
            equal((frame.stream_id, frame.error_code), (1, PROTOCOL_ERROR), "stream and code")
            client.fails(1, "1006")


@case("permessage-deflate works over HTTP/2", 249, 255)
def deflate():
    with Client() as client, client.accept() as peer:
        check("permessage-deflate" in dict(peer.opening().fields)["sec-websocket-extensions"], "no offer")
        peer.answer(("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"))
        squeezer = zlib.compressobj(wbits=-15)
        peer.say(TEXT, (squeezer.compress(b"again " * 50) + squeezer.flush(zlib.Z_SYNC_FLUSH))[:-4], rsv=4)
        equal(client.line(), b"again " * 50, "what the client prints")
        client.type(b"answer " * 50)
        equal(zlib.decompressobj(wbits=-15).decompress(peer.hear_compressed() + b"\0\0\xff\xff"), b"answer " * 50, "message")
        client.end_input()
        equal(peer.hear().opcode, CLOSE, "opcode")
        peer.say(CLOSE, NORMAL, end=True)
        equal(client.exit_status(), 0, "exit status")


@case("no more is sent than the windows allow", 256)
def windows():
    with Client("--no-compression") as client, accepted(client, settings={**SPEAKS, INITIAL_WINDOW_SIZE: 10}) as peer:
        peer.opens_windows = False
        client.type(b"0123456789" * 10)
        first = peer.wait(lambda each: isinstance(each, frames.DataFrame))
        count = len(first.data)
        while count < 10:
            count += len(peer.wait(lambda each: isinstance(each, frames.DataFrame)).data)
        equal(count, 10, "bytes in the first window")
        peer.silence(0.2)
        peer.window(1, 1)
        equal(len(peer.wait(lambda each: isinstance(each, frames.DataFrame)).data), 1, "bytes in the next")
        peer.window(1, 1000)
        while count < 2 + 4 + 100 - 1:
            count += len(peer.wait(lambda each: isinstance(each, frames.DataFrame)).data)
        equal(count, 2 + 4 + 100 - 1, "bytes of the message, without the one before")
        client.end_input()
        peer.wait(lambda each: isinstance(each, frames.DataFrame))
        peer.say(CLOSE, NORMAL, end=True)
        equal(client.exit_status(), 0, "exit status")


# ── the connection ──

@case("PING is answered on a connection that carries a WebSocket", 260)
def ping():
    with Client() as client, accepted(client) as peer:
        peer.send(frames.PingFrame(0, opaque_data=b"01234567"))
        frame = peer.wait(lambda each: isinstance(each, frames.PingFrame))
        equal((frame.opaque_data, "ACK" in frame.flags), (b"01234567", True), "answer")
        converses(client, peer)


@case("after GOAWAY what is open goes on", 258)
def goaway():
    with Client() as client, accepted(client) as peer:
        peer.send(frames.GoAwayFrame(0, last_stream_id=1, error_code=NO_ERROR))
        converses(client, peer)


@case("GOAWAY that leaves the request out is no connection", 258)
def goaway_before():
    with Client() as client:
        with client.accept() as peer:
            peer.opening()
            peer.send(frames.GoAwayFrame(0, last_stream_id=0, error_code=NO_ERROR))
            client.fails(2)


@case("one stream at a time is enough, none is not", 257)
def concurrency():
    with Client() as client, accepted(client, settings={**SPEAKS, MAX_CONCURRENT_STREAMS: 1}) as peer:
        converses(client, peer)
    with Client("--timeout", "1") as client:
        with client.accept(settings={**SPEAKS, MAX_CONCURRENT_STREAMS: 0}) as peer:
            peer.asks_for_nothing()
        client.fails(2, "no connection within")


@case("a connection that breaks rules is left with GOAWAY", 252)
def connection_errors():
    wrong = {
        "DATA without a stream": b"\0\0\1\0\0\0\0\0\0x",
        "SETTINGS of 5 bytes": b"\0\0\5\4\0\0\0\0\0abcde",
        "HEADERS on a stream that nobody opened": b"\0\0\1\1\4\0\0\0\2\x88",
    }
    for name, data in wrong.items():
        with Client() as client:
            with accepted(client) as peer:
                peer.raw(data)
                code = peer.goaway()
                check(code not in (None, NO_ERROR), f"code {code} of GOAWAY after {name}")
            client.fails(1, "1006")


@case("a head that never ends is not waited for", 54, 257)
def endless_head():
    with Client() as client:
        with client.accept() as peer:
            peer.opening()
            try:
                peer.send(frames.HeadersFrame(1, data=peer.encoder.encode([(":status", "200")])))
                for _ in range(1000):
                    peer.send(frames.ContinuationFrame(1, data=b"\x00\x01a\x01b" * 100))
            except OSError:
                pass
            code = peer.goaway()
            check(code not in (NO_ERROR,), f"code {code} of GOAWAY")
        client.fails(2)
