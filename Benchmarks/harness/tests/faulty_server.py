"""A WebSocket echo server on raw sockets that can be told to misbehave."""

import socket
import struct
import threading

ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
RESPONSE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nsec-websocket-accept: "
    + ACCEPT
    + b"\r\n\r\n"
)


def frame(payload: bytes, first_byte: int = 0x82) -> bytes:
    if len(payload) < 126:
        return bytes([first_byte, len(payload)]) + payload
    if len(payload) < 1 << 16:
        return struct.pack(">BBH", first_byte, 126, len(payload)) + payload
    return struct.pack(">BBQ", first_byte, 127, len(payload)) + payload


class FaultyServer:
    """Answers each message with `answer(number, payload)`, or closes when that gives None."""

    def __init__(self, answer=lambda number, payload: frame(payload), response=RESPONSE, piece=1 << 20):
        self.answer, self.response, self.piece = answer, response, piece
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self) -> "FaultyServer":
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                while stream.readline() not in (b"\r\n", b""):
                    pass
                connection.sendall(self.response)
                number = 0
                while (payload := self.read_message(stream)) is not None:
                    number += 1
                    echo = self.answer(number, payload)
                    if echo is None:
                        return
                    for start in range(0, len(echo), self.piece):
                        connection.sendall(echo[start : start + self.piece])
            except OSError:
                pass

    @staticmethod
    def read_message(stream) -> bytes | None:
        header = stream.read(2)
        if len(header) < 2:
            return None
        length = header[1] & 0x7F
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(stream.read(size), "big")
        key = stream.read(4)
        payload = stream.read(length)
        repeated = key * (length // 4 + 1)
        number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:length], "big")
        return number.to_bytes(length, "big")
