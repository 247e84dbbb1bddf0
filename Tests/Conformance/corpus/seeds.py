"""Correct conversations of a client, from which bad ones are made: a handshake, and what follows it."""

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_body, frame
from http1 import plain, request

HANDSHAKES = [
    request(),
    request("/chat", connection="keep-alive, Upgrade", extra=("User-Agent: x", "Cookie: a=b; c=d")),
    request(extra=("Sec-WebSocket-Protocol: a, b, c", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")),
    request(extra=("Origin: http://{authority}", "Expect: 100-continue")),
    plain() + plain("/nowhere") + request(),
    request(ws_version="8") + request(key=None) + request(),
    plain(method="POST", extra=("Content-Length: 11",), body=b"hello there") + request(),
    plain(method="POST", extra=("Transfer-Encoding: chunked",), body=b"5\r\nhello\r\n0\r\n\r\n") + request(),
    request(extra=tuple(f"X-Field-{number}: {number}" for number in range(60))),
]

CONVERSATIONS = [
    frame(TEXT, "hello, wörld €𝄞") + frame(CLOSE, close_body(1000, "bye")),
    frame(BINARY, bytes(range(256))) + frame(PING, b"ping") + frame(CLOSE),
    frame(TEXT, "frag", fin=False) + frame(PING) + frame(CONTINUATION, "men", fin=False) + frame(CONTINUATION, "ted") + frame(CLOSE, close_body(4000)),
    frame(TEXT, b"x" * 126) + frame(BINARY, b"y" * 300) + frame(PONG, b"unasked"),
    frame(BINARY, b"z" * 70_000) + frame(TEXT, "after"),
    b"".join(frame(TEXT, f"message {number}") for number in range(40)) + frame(CLOSE, close_body(1001)),
    frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) * 50 + frame(CONTINUATION),
    frame(PING, b"p" * 125) * 20,
]
