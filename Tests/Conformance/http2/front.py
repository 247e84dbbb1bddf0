"""Debian's nginx and haproxy in front of `martlet serve`: what stands before a server in most places.

haproxy inherits its listening socket, so that connections wait in it until it is there to take them. nginx can't.
"""

import base64
import os
import shutil
import socket as sockets
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from peer import ENABLE_CONNECT_PROTOCOL, Peer, WebSocket

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "raw"))
import certificate  # noqa: E402
from harness import Server, Wire, check, equal  # noqa: E402

CASES = []
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def case(name, *requirements):
    """Registers a function of a running server."""
    def register(function):
        CASES.append((f"front: {name}", requirements, function))
        return function
    return register


class Front:
    def __init__(self, port, path):
        self.port, self.certificate = port, path
        self.authority = f"127.0.0.1:{port}"

    def dial(self, *protocols, source="127.0.0.1"):
        """A connection with TLS; from another address of this machine than the front's own, if that is to be seen."""
        context = certificate.trusting(self.certificate)
        context.set_alpn_protocols(list(protocols))
        sock = sockets.create_connection(("127.0.0.1", self.port), 20, source_address=(source, 0))
        sock.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        return context.wrap_socket(sock, server_hostname="127.0.0.1")

    def peer(self, **options):
        """An HTTP/2 connection to it."""
        sock = self.dial("h2", "http/1.1", **options)
        equal(sock.selected_alpn_protocol(), "h2", "ALPN")
        peer = Peer(self.port, sock=sock)
        peer.scheme = "https"
        return peer


def await_listener(process, port):
    until = time.monotonic() + 20
    while True:
        try:
            return sockets.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            check(process.poll() is None and time.monotonic() < until, "nobody listens")
            time.sleep(0.01)


@contextmanager
def front(command, configuration, path, key, *, inherits=True):
    """A front whose configuration has `{port}`, `{descriptor}`, `{folder}`, `{certificate}`, `{key}` and `{both}` filled in."""
    with tempfile.TemporaryDirectory() as folder, sockets.create_server(("127.0.0.1", 0), backlog=128) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        both = Path(folder, "both.pem")
        both.write_text(Path(path).read_text() + Path(key).read_text())
        file = Path(folder, "configuration")
        for name, value in (("port", port), ("descriptor", descriptor), ("folder", folder), ("certificate", path), ("key", key), ("both", both)):
            configuration = configuration.replace("{" + name + "}", str(value))
        file.write_text(configuration)
        found = shutil.which(command[0], path=os.environ.get("PATH", "") + ":/usr/sbin")
        check(found, f"there is no {command[0]}: apt-get install {command[0]}")
        if not inherits:
            listener.close()
        with open(Path(folder, "output"), "w+b") as output:
            process = subprocess.Popen([found, *command[1:], str(file)], pass_fds=[descriptor] if inherits else [], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output)
            try:
                if not inherits:
                    await_listener(process, port)
                yield Front(port, path)
                check(process.poll() is None, f"{command[0]} has ended: {Path(folder, 'output').read_text()[-500:]}")
            except (OSError, AssertionError) as error:
                raise AssertionError(f"{type(error).__name__}: {error}; {command[0]} says {Path(folder, 'output').read_text()[-500:]!r}") from error
            finally:
                process.kill()
                process.wait()


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream martlet { server 127.0.0.1:{back}; keepalive 4; }
    server {
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        location / {
            proxy_pass http://martlet;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            {fields}
        }
    }
}
"""

NGINX_FIELDS = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;"

NGINX_PASSING = """
load_module modules/ngx_stream_module.so;
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {}
stream { server { listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{back}; {options} } }
"""

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend front
    bind fd@{descriptor} ssl crt {both} alpn h2,http/1.1
    default_backend back
backend back
    {rule}
    server martlet 127.0.0.1:{back} {options}
"""

HAPROXY_FORWARDED = 'http-request add-header Forwarded "for=%[src];proto=https"'

HAPROXY_TCP = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend front
    bind fd@{descriptor}
    default_backend back
backend back
    server martlet 127.0.0.1:{back} {options}
"""


def nginx(back, path, key, fields=""):
    return front(["nginx", "-c"], NGINX.replace("{back}", str(back)).replace("{fields}", fields), path, key, inherits=False)


def nginx_passing(back, path, key, options=""):
    """Hands bytes through, TLS and all."""
    configuration = NGINX_PASSING.replace("{back}", str(back)).replace("{options}", options)
    return front(["nginx", "-c"], configuration, path, key, inherits=False)


def haproxy_passing(back, path, key, options=""):
    """Hands bytes through, TLS and all."""
    configuration = HAPROXY_TCP.replace("{back}", str(back)).replace("{options}", options)
    return front(["haproxy", "-db", "-f"], configuration, path, key)


def haproxy(back, path, key, options="", rule=""):
    configuration = HAPROXY.replace("{back}", str(back)).replace("{options}", options).replace("{rule}", rule)
    return front(["haproxy", "-db", "-f"], configuration, path, key)


def whoami(place, fields=(), source="127.0.0.2"):
    """Whom the server takes us for, over HTTP/1.1 and HTTP/2."""
    lines = [f"GET /whoami HTTP/1.1\r\nHost: {place.authority}", *(f"{name}: {value}" for name, value in fields)]
    with Wire(place.dial("http/1.1", source=source)) as wire:
        wire.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        first = wire.response().body.decode()
    with place.peer(source=source) as peer:
        stream = peer.request(path="/whoami", extra=fields)
        equal(peer.response(stream)[":status"], "200", "status")
        return first, peer.body(stream).decode()


class Upgraded:
    """A WebSocket over HTTP/1.1, with the frames of `WebSocket`."""

    def __init__(self, sock, authority, origin=None, extensions=None):
        self.wire = Wire(sock)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET /echo HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}"]
        lines += [f"Origin: {origin}"] if origin else []
        lines += [f"Sec-WebSocket-Extensions: {extensions}"] if extensions else []
        self.wire.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.response = self.wire.response()

    def __enter__(self):
        equal(self.response.status, 101, "status")
        return self

    def __exit__(self, *_):
        self.wire.socket.close()

    def echo(self, opcode, payload):
        self.wire.send(WebSocket.frame(opcode, payload))
        found = self.wire.frame()
        check((found.opcode, found.payload) == (opcode, payload), f"{found} instead of the echo of {len(payload)} bytes")

    def goodbye(self):
        self.wire.send(WebSocket.frame(CLOSE, struct.pack("!H", 1000) + b"bye"))
        found = self.wire.frame()
        equal((found.opcode, found.code), (CLOSE, 1000), "close")


def talk_http1(place, **options):
    with Upgraded(place.dial("http/1.1"), place.authority, **options) as socket:
        for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            socket.echo(BINARY, os.urandom(size))
        socket.echo(TEXT, "grüß dich".encode())
        socket.goodbye()


def talk_http2(place, extra=()):
    with place.peer() as peer:
        equal(peer.settings.get(ENABLE_CONNECT_PROTOCOL), 1, "ENABLE_CONNECT_PROTOCOL of the front")
        everybody = [WebSocket(peer, extra=extra) for _ in range(8)]
        for size in (0, 1, 125, 126, 65535, 65536):
            for socket in everybody:
                socket.echo(BINARY, os.urandom(size))
        everybody[0].echo(BINARY, os.urandom(1 << 20))
        peer.is_well()
        for socket in everybody:
            socket.echo(TEXT, "grüß dich".encode())
            socket.send(CLOSE, struct.pack("!H", 1000))
            equal(socket.close_code(), 1000, "close code")
            socket.end()
        peer.is_well()


@case("nginx ends TLS and hands on upgrades over HTTP/1.1", 73, 248)
def nginx_upgrade(server):
    with certificate.made() as made, nginx(server.port, *made) as place:
        talk_http1(place)
        talk_http1(place, extensions="x-unknown")
        with place.peer() as peer:
            peer.is_well()
            stream = peer.request(path="/nowhere")
            equal(peer.response(stream)[":status"], "404", "status over HTTP/2")


@case("nginx: a page's origin is that of the front, and must be allowed by name", 76, 77)
def nginx_origin(server):
    with certificate.made() as made, nginx(server.port, *made) as place:
        refused = Upgraded(place.dial("http/1.1"), place.authority, origin=f"https://{place.authority}")
        equal(refused.response.status, 403, "status of https: where the server itself speaks http:")
        refused.wire.socket.close()
        with Server("--allow-origin", f"https://{place.authority}") as allowing, nginx(allowing.port, *made) as other:
            talk_http1(other, origin=f"https://{place.authority}")
            refused = Upgraded(other.dial("http/1.1"), other.authority, origin="https://evil.example")
            equal(refused.response.status, 403, "status of a foreign origin")
            refused.wire.socket.close()


@case("nginx says whose requests they are, and only if it is trusted it is believed", 73, 76, 77)
def nginx_fields(server):
    with certificate.made() as made, Server("--trust-proxy", "127.0.0.1") as trusting:
        forged = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "http"), ("forwarded", "for=192.0.2.1;proto=http")]
        with nginx(trusting.port, *made, NGINX_FIELDS) as place:
            for fields in ([], forged):
                equal(whoami(place, fields), ("127.0.0.2 https\n",) * 2, f"who we are with {fields}")
            talk_http1(place, origin=f"https://{place.authority}")
            for origin in (f"http://{place.authority}", "https://evil.example"):
                refused = Upgraded(place.dial("http/1.1"), place.authority, origin=origin)
                equal(refused.response.status, 403, f"status of {origin}")
                refused.wire.socket.close()
        with nginx(server.port, *made, NGINX_FIELDS) as place:
            equal(whoami(place, forged), ("127.0.0.1 http\n",) * 2, "who we are for a server that trusts nobody")
            refused = Upgraded(place.dial("http/1.1"), place.authority, origin=f"https://{place.authority}")
            equal(refused.response.status, 403, "status of https: for a server that trusts nobody")
            refused.wire.socket.close()


@case("nginx: connections are kept alive between plain requests and refused upgrades", 91)
def nginx_keep_alive(server):
    with certificate.made() as made, nginx(server.port, *made) as place, place.peer() as peer:
        for _ in range(100):
            peer.is_well()
            stream = peer.request("POST", "/healthz", end=False)
            peer.data_in_window(stream, b"x" * 10_000, end=True)
            check(peer.response(stream)[":status"] in ("200", "405"), "POST")
            peer.body(stream)


@case("haproxy ends TLS and speaks HTTP/2 to us: extended CONNECT through it", 241, 243, 250, 251, 252, 256)
def haproxy_http2(server):
    with certificate.made() as made, haproxy(server.port, *made, "proto h2") as place:
        talk_http2(place)


@case("haproxy says in Forwarded whose requests they are, over HTTP/2", 73, 244, 249, 250)
def haproxy_forwarded(server):
    del server
    forged = [("forwarded", "for=192.0.2.1;proto=http"), ("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "http")]
    with certificate.made() as made, Server("--trust-proxy", "127.0.0.1", "--forwarded") as trusting:
        with haproxy(trusting.port, *made, "proto h2", HAPROXY_FORWARDED) as place:
            for fields in ([], forged):
                equal(whoami(place, fields), ("127.0.0.2 https\n",) * 2, f"who we are with {fields}")
            talk_http2(place, extra=[("origin", f"https://{place.authority}")])
            with place.peer() as peer:
                refused = peer.headers(peer.connect_fields(extra=[("origin", f"http://{place.authority}")]))
                equal(peer.response(refused)[":status"], "403", "status of a page over http:")


@case("haproxy makes an extended CONNECT of an upgrade over HTTP/1.1", 242, 243, 248, 250)
def haproxy_http1_to_http2(server):
    with certificate.made() as made, haproxy(server.port, *made, "proto h2") as place:
        talk_http1(place)


@case("haproxy makes an upgrade over HTTP/1.1 of an extended CONNECT", 248, 250)
def haproxy_http2_to_http1(server):
    with certificate.made() as made, haproxy(server.port, *made) as place:
        talk_http2(place)


@case("haproxy: refusals come through as they are, over HTTP/2", 249, 250)
def haproxy_refusals(server):
    with certificate.made() as made, haproxy(server.port, *made, "proto h2") as place, place.peer() as peer:
        WebSocket(peer).echo(TEXT, b"hello")
        for status, path, extra in (("404", "/nowhere", ()), ("403", "/echo", [("origin", "https://evil.example")])):
            stream = peer.headers(peer.connect_fields(path, extra))
            equal(peer.response(stream)[":status"], status, "status")
            peer.is_well()


@case("haproxy: a client that resets its stream or closes its connection is gone for us as well", 252)
def haproxy_reset(server):
    with certificate.made() as made, haproxy(server.port, *made, "proto h2") as place:
        for _ in range(3):
            # More than the streams that one connection to us may have.
            with place.peer() as peer:
                for _ in range(60):
                    socket = WebSocket(peer)
                    socket.echo(TEXT, b"hello")
                    peer.reset(socket.stream)
                peer.is_well()
                everybody = [WebSocket(peer) for _ in range(40)]
                for socket in everybody:
                    socket.echo(TEXT, b"hello")


@case("haproxy: clients that leave in numbers do not end the connection that others share", 252, 257)
def haproxy_leaving(server):
    del server
    with certificate.made() as made, Server("--trust-proxy", "127.0.0.1") as trusting, haproxy(trusting.port, *made, "proto h2") as place:
        with place.peer() as peer:
            staying = [WebSocket(peer) for _ in range(5)]
            for _ in range(10):
                # Each one is a RST_STREAM to us.
                with place.peer() as other:
                    for _ in range(50):
                        leaving = WebSocket(other)
                        leaving.echo(TEXT, b"hello")
                        other.reset(leaving.stream)
                    other.is_well()
                for socket in staying:
                    socket.echo(TEXT, b"still here")


@case("haproxy: SIGTERM of ours reaches clients as Close 1001", 258)
def haproxy_shutdown(server):
    with certificate.made() as made, haproxy(server.port, *made, "proto h2") as place, place.peer() as peer:
        everybody = [WebSocket(peer) for _ in range(3)]
        server.process.terminate()
        for socket in everybody:
            equal(socket.close_code(), 1001, "close code")
            socket.send(CLOSE, struct.pack("!H", 1001))
        equal(server.exit_status(), 0, "exit status")


@case("haproxy hands TLS through in TCP mode, ALPN and all", 73, 250, 251)
def haproxy_tcp(server):
    del server
    with ExitStack() as stack:
        path, key = stack.enter_context(certificate.made())
        secure = stack.enter_context(Server("--tls-certificate", path, "--tls-key", key))
        place = stack.enter_context(haproxy_passing(secure.port, path, key))
        talk_http1(place, origin=f"https://{place.authority}")
        talk_http2(place, extra=[("origin", f"https://{place.authority}")])


@case("haproxy says whose connections they are by the PROXY protocol, in front of TLS; without it they are refused", 73, 250)
def haproxy_proxy_protocol(server):
    del server
    with ExitStack() as stack:
        path, key = stack.enter_context(certificate.made())
        secure = stack.enter_context(Server("--tls-certificate", path, "--tls-key", key, "--proxy-protocol", "--trust-proxy", "127.0.0.1"))
        for version in ("send-proxy", "send-proxy-v2"):
            with haproxy_passing(secure.port, path, key, version) as place:
                equal(whoami(place), ("127.0.0.2 https\n",) * 2, "who we are")
                # The client is no proxy.
                equal(whoami(place, [("x-forwarded-for", "192.0.2.1")]), ("127.0.0.2 https\n",) * 2, "who we are with a field of our own")
                talk_http1(place, origin=f"https://{place.authority}")
                talk_http2(place, extra=[("origin", f"https://{place.authority}")])
        with haproxy_passing(secure.port, path, key) as place:
            try:
                place.dial("http/1.1").close()
            except TimeoutError:
                raise
            except OSError:
                return
            raise AssertionError("a connection of a proxy that does not say whose it is was taken")


@case("nginx hands TLS through, ALPN and all, and says by the PROXY protocol whose connections they are", 73, 250, 251)
def nginx_stream(server):
    del server
    with ExitStack() as stack:
        path, key = stack.enter_context(certificate.made())
        for options, directive, client in (([], "", "127.0.0.1"), (["--proxy-protocol", "--trust-proxy", "127.0.0.1"], "proxy_protocol on;", "127.0.0.2")):
            secure = stack.enter_context(Server("--tls-certificate", path, "--tls-key", key, *options))
            place = stack.enter_context(nginx_passing(secure.port, path, key, directive))
            equal(whoami(place), (f"{client} https\n",) * 2, "who we are")
            talk_http1(place, origin=f"https://{place.authority}")
            talk_http2(place, extra=[("origin", f"https://{place.authority}")])
