"""Carries WebSockets of HTTP/1.1 over HTTP/2 (RFC 8441), all of them on one connection.

    python bridge.py PORT

Listens on a port of this machine, which it prints, and speaks HTTP/2 with prior knowledge to PORT: each handshake becomes an
extended CONNECT, its answer a 101 with the accept value; from then on bytes go both ways unchanged, as fast as windows allow.
Ends with status 1 when the HTTP/2 connection is lost, and on SIGTERM with a count of the WebSockets it carried.
"""

import asyncio
import base64
import contextlib
import hashlib
import signal
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (ConnectionTerminated, DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset,
                       WindowUpdated)
from h2.exceptions import NoSuchStreamError, StreamClosedError
from h2.settings import SettingCodes, Settings

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CANCEL = 8
WINDOW = 1 << 20
WAITING = 1 << 18
# What RFC 9113, 8.2.2 and RFC 8441 leave out.
OF_THE_CONNECTION = {"host", "connection", "upgrade", "sec-websocket-key", "keep-alive", "proxy-connection", "transfer-encoding"}


class Tunnel(asyncio.Protocol):
    """A connection of HTTP/1.1: its handshake, then its bytes."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.stream = None
        self.head = b""
        # Of the client, for the server; of the server, not yet taken by the client.
        self.waiting = bytearray()
        self.owed = 0
        self.is_open = self.is_told_to_wait = False
        # The client has ended; so has, for the server, its stream.
        self.is_half_closed = self.is_ended = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.stream is not None:
            self.waiting += data
            return self.pump()
        self.head += data
        head, end, rest = self.head.partition(b"\r\n\r\n")
        if end:
            self.waiting += rest
            self.open(head.decode("latin-1").split("\r\n"))

    def open(self, lines):
        method, path, _ = lines[0].split(" ")
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        byname = {name.lower(): value for name, value in fields}
        assert method == "GET" and byname["upgrade"].lower() == "websocket", lines[0]
        self.key = byname["sec-websocket-key"].encode()
        self.stream = self.upstream.connect(self, [
            (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":authority", byname["host"]), (":path", path),
            *((name.lower(), value) for name, value in fields if name.lower() not in OF_THE_CONNECTION)])

    def pump(self):
        """Sends on what the window admits; the client may send more only while little waits."""
        if self.is_open:
            self.upstream.send(self.stream, self.waiting)
            if self.is_half_closed and not self.waiting:
                self.end()
        if len(self.waiting) > WAITING:
            self.transport.pause_reading()
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def end(self):
        if not self.is_ended:
            self.is_ended = True
            self.upstream.end(self.stream)

    def eof_received(self):
        self.is_half_closed = True
        if self.stream is not None:
            self.pump()
        return True

    def connection_lost(self, error):
        if self.stream is not None:
            self.upstream.forget(self.stream, self.owed)

    # ── from the server ──

    def answered(self, fields):
        status = fields.pop(":status")
        if status == "200":
            accept = base64.b64encode(hashlib.sha1(self.key + GUID).digest()).decode()
            fields |= {"upgrade": "websocket", "connection": "Upgrade", "sec-websocket-accept": accept}
            status = "101"
            self.is_open = True
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.transport.write("\r\n".join(lines).encode("latin-1"))
        self.pump()

    def received(self, data, flow_controlled):
        self.transport.write(data)
        self.owed += flow_controlled
        self.pay()

    def pay(self):
        """Opens the windows for what the client has taken."""
        if not self.is_told_to_wait and self.owed:
            self.upstream.acknowledge(self.stream, self.owed)
            self.owed = 0

    def pause_writing(self):
        self.is_told_to_wait = True

    def resume_writing(self):
        self.is_told_to_wait = False
        self.pay()

    def ended(self):
        # In order on our side, too: a server counts resets, and ends a connection that has many.
        self.end()
        self.transport.close()

    def reset(self):
        self.transport.abort()


class Upstream(asyncio.Protocol):
    """The one connection of HTTP/2."""

    def __init__(self, ready, lost):
        self.ready, self.lost = ready, lost
        self.h2 = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
        self.tunnels = {}
        self.count = 0

    def connection_made(self, transport):
        self.transport = transport
        self.h2.local_settings = Settings(initial_values={SettingCodes.INITIAL_WINDOW_SIZE: WINDOW, SettingCodes.ENABLE_PUSH: 0})
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(16 * WINDOW)
        self.flush()

    def connection_lost(self, error):
        if not self.lost.done():
            self.lost.set_result(f"the HTTP/2 connection is lost: {error}")

    def data_received(self, data):
        for event in self.h2.receive_data(data):
            self.handle(event)
        self.flush()

    def handle(self, event):
        if isinstance(event, RemoteSettingsChanged) and not self.ready.done():
            setting = event.changed_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL)
            self.ready.set_result(setting is not None and setting.new_value == 1)
        if isinstance(event, ConnectionTerminated) and not self.lost.done():
            self.lost.set_result(f"the server ends the HTTP/2 connection: error {event.error_code}, {event.additional_data}")
        if isinstance(event, (WindowUpdated, RemoteSettingsChanged)):
            for tunnel in list(self.tunnels.values()):
                tunnel.pump()
        tunnel = self.tunnels.get(getattr(event, "stream_id", None))
        if tunnel is None:
            # Of a client that has gone.
            if isinstance(event, DataReceived):
                self.acknowledge(event.stream_id, event.flow_controlled_length)
        elif isinstance(event, ResponseReceived):
            tunnel.answered(dict(event.headers))
        elif isinstance(event, DataReceived):
            tunnel.received(event.data, event.flow_controlled_length)
        elif isinstance(event, StreamEnded):
            tunnel.ended()
        elif isinstance(event, StreamReset):
            del self.tunnels[event.stream_id]
            tunnel.reset()

    def connect(self, tunnel, fields):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, fields)
        self.tunnels[stream] = tunnel
        self.count += 1
        self.flush()
        return stream

    def send(self, stream, waiting):
        with self.gone_is_gone():
            while waiting:
                count = min(len(waiting), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if count <= 0:
                    break
                self.h2.send_data(stream, bytes(waiting[:count]))
                del waiting[:count]

    def end(self, stream):
        with self.gone_is_gone():
            self.h2.end_stream(stream)

    def acknowledge(self, stream, count):
        with self.gone_is_gone():
            self.h2.acknowledge_received_data(count, stream)

    def forget(self, stream, owed):
        """The client's connection is no more: nor is the stream."""
        if self.tunnels.pop(stream, None) is not None:
            self.acknowledge(stream, owed)
            with self.gone_is_gone():
                self.h2.reset_stream(stream, CANCEL)

    @contextlib.contextmanager
    def gone_is_gone(self):
        with contextlib.suppress(StreamClosedError, NoSuchStreamError):
            yield
        self.flush()

    def flush(self):
        if data := self.h2.data_to_send():
            self.transport.write(data)


async def main(port):
    loop = asyncio.get_running_loop()
    ready, lost = loop.create_future(), loop.create_future()
    _, upstream = await loop.create_connection(lambda: Upstream(ready, lost), "127.0.0.1", port)
    if not await asyncio.wait_for(ready, 30):
        sys.exit("the server's settings do not allow extended CONNECT")
    server = await loop.create_server(lambda: Tunnel(upstream), "127.0.0.1", 0)
    loop.add_signal_handler(signal.SIGTERM, lost.set_result, None)
    print(f"listening on port {server.sockets[0].getsockname()[1]}", flush=True)
    if problem := await lost:
        sys.exit(problem)
    print(f"carried {upstream.count} WebSockets on one connection")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
