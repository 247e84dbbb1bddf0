"""Proxies, servers and certificates for run.py, all of them on free loopback ports and in a temporary directory."""

import asyncio
import getpass
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import check

# For a process to begin to listen.
START = 20


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as found:
        found.bind((host, 0))
        return found.getsockname()[1]


# ── processes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

class Daemon:
    """A process that listens, and its log."""

    def __init__(self, port, log):
        self.port = port
        self.log_file = Path(log)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    async def logged(self, part):
        """Waits for a part of the log; true if it came."""
        for _ in range(50):
            if part in self.log():
                return True
            await asyncio.sleep(0.1)
        return False


@asynccontextmanager
async def daemon(port, log, *command):
    output = Path(str(log) + ".output")
    with output.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
            env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
    try:
        await listening(port, process, output, Path(log))
        yield Daemon(port, log)
    finally:
        # First in good order, so that it waits for its children; then they too, which the session of its own is for.
        with suppress(ProcessLookupError, TimeoutError):
            process.terminate()
            async with asyncio.timeout(3):
                await process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def listening(port, process, *logs):
    """Waits until something accepts connections on this port."""
    def said():
        return [log.read_text(errors="replace") for log in logs if log.exists()]
    loop = asyncio.get_running_loop()
    end = loop.time() + START
    while loop.time() < end:
        check(process.returncode is None, f"it ended at once: {said()}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}: {said()}")


@asynccontextmanager
async def tinyproxy(*lines):
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder, "log")
        configuration = Path(folder, "tinyproxy.conf")
        configuration.write_text("\n".join([
            f"Port {port}", "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60", f'LogFile "{log}"', "LogLevel Info",
            f'PidFile "{folder}/pid"', "MaxClients 50", *lines, ""]))
        async with daemon(port, log, "tinyproxy", "-d", "-c", str(configuration)) as found:
            yield found


@asynccontextmanager
async def danted(rules=""):
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder, "log")
        configuration = Path(folder, "danted.conf")
        user = getpass.getuser()
        configuration.write_text(f"""
logoutput: {log}
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
user.privileged: {user}
user.notprivileged: {user}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: error }}
{rules}
socks pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 log: connect error }}
""")
        async with daemon(port, log, "danted", "-f", str(configuration), "-p", f"{folder}/pid") as found:
            yield found


@asynccontextmanager
async def haproxy(pem, target, alpn="h2,http/1.1", mode="http", settings=""):
    """TLS before what listens on the port `target`. The log has a line per request: version, method, status."""
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder, "log")
        configuration = Path(folder, "haproxy.cfg")
        offer = f"alpn {alpn}" if alpn else ""
        line = '  log-format "%HV %HM %ST"' if mode == "http" else "  option tcplog"
        configuration.write_text(f"""
global
  log stdout format raw local0
  {settings}
defaults
  mode {mode}
  log global
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend front
  bind 127.0.0.1:{port} ssl crt {pem} {offer}
{line}
  default_backend back
backend back
  server one 127.0.0.1:{target}
""")
        async with daemon(port, log, "haproxy", "-db", "-f", str(configuration)) as found:
            found.log_file = Path(str(log) + ".output")
            yield found


@asynccontextmanager
async def nginx(chain, key, target):
    """h2 without extended CONNECT, before what listens on the port `target`."""
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder, "log")
        configuration = Path(folder, "nginx.conf")
        scratch = "\n".join(f"  {name}_temp_path {folder}/{name};"
                            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        configuration.write_text(f"""
daemon off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
{scratch}
  log_format versions "$server_protocol $request_method $status";
  access_log {log} versions;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    location / {{
      proxy_pass http://127.0.0.1:{target};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }}
  }}
}}
""")
        async with daemon(port, log, "nginx", "-p", folder, "-e", f"{folder}/errors", "-c", str(configuration)) as found:
            yield found


# ── certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────

class Certificates:
    """An authority and what it signed: the paths of chains and keys."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.make_authority()
        self.authority = self.path("authority.pem")
        self.good = self.signed("good", "IP:127.0.0.1,DNS:localhost,DNS:nest.invalid")
        self.documentation = self.signed("documentation", "IP:203.0.113.5,IP:2001:db8::5")
        self.wrong_name = self.signed("wrong", "DNS:elsewhere.example")
        self.expired = self.signed("expired", "IP:127.0.0.1,DNS:localhost", "20200101000000Z", "20210101000000Z")
        self.self_signed = self.unsigned()

    def path(self, name):
        return str(self.folder / name)

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, cwd=self.folder)
        check(done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr}")

    def new_key(self):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"

    def make_authority(self):
        self.openssl("req", "-x509", *self.new_key(), "-days", "2", "-keyout", "authority.key", "-out", "authority.pem",
                     "-subj", "/CN=An authority of our own", "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        Path(self.path("index")).touch()
        Path(self.path("authority.cnf")).write_text("""
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
""")

    def signed(self, name, names, begin="", end=""):
        self.openssl("req", "-new", *self.new_key(), "-keyout", f"{name}.key", "-out", f"{name}.csr",
                     "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}")
        period = ["-startdate", begin, "-enddate", end] if begin else ["-days", "2"]
        self.openssl("ca", "-batch", "-notext", "-config", "authority.cnf", "-cert", "authority.pem", "-keyfile",
                     "authority.key", *period, "-in", f"{name}.csr", "-out", f"{name}.pem")
        return self.chain(name, "authority.pem")

    def unsigned(self):
        self.openssl("req", "-x509", *self.new_key(), "-days", "2", "-keyout", "self.key", "-out", "self.pem",
                     "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        return self.chain("self")

    def chain(self, name, *more):
        """Paths of a file with the chain and one with the key; and `.both` for those that want one file."""
        chain = "".join(Path(self.path(file)).read_text() for file in (f"{name}.pem", *more))
        key = Path(self.path(f"{name}.key"))
        Path(self.path(f"{name}.chain")).write_text(chain)
        Path(self.path(f"{name}.both")).write_text(chain + key.read_text())
        return self.path(f"{name}.chain"), str(key)

    @property
    def both(self):
        return self.path("good.both")


def context(pair, alpn=()):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*pair)
    if alpn:
        made.set_alpn_protocols(list(alpn))
    return made


@contextmanager
def environment(**variables):
    """Sets these variables for the programs that are started meanwhile."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def forget_proxies():
    """What this machine's environment says about proxies is not what is tested."""
    for name in [name for name in os.environ if name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")]:
        del os.environ[name]


# ── servers of our own ────────────────────────────────────────────────────────────────────────────────────────────────

class Listener:
    """A server that does what it is told with every connection, and keeps what it read."""

    def __init__(self, handler):
        self.handler = handler
        self.connections = 0
        self.received = b""
        self.writers = []
        self.tasks = []

    async def handle(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        self.tasks.append(asyncio.current_task())
        with suppress(OSError, EOFError, asyncio.CancelledError, asyncio.IncompleteReadError):
            await self.handler(self, reader, writer)
        writer.close()

    async def head(self, reader):
        data = await reader.readuntil(b"\r\n\r\n")
        self.received += data
        return data

    async def everything(self, reader):
        while data := await reader.read(65536):
            self.received += data


@asynccontextmanager
async def listener(handler, host="127.0.0.1", **options):
    found = Listener(handler)
    # Failed handshakes are expected, and asyncio's words about them are of no use.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    server = await asyncio.start_server(found.handle, host, 0, **options)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for task in found.tasks:
            task.cancel()
        for writer in found.writers:
            writer.transport.abort()
        await asyncio.gather(*found.tasks, return_exceptions=True)


async def silent(server, reader, writer):
    await server.everything(reader)
    await asyncio.Event().wait()


def answering(answer):
    """Reads the head of a request, sends this and closes."""
    async def handler(server, reader, writer):
        await server.head(reader)
        writer.write(answer)
        await writer.drain()
    return handler


def reset(transport):
    """Ends the connection with RST."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class SOCKS5:
    """RFC 1928 with a user name and a password (RFC 1929): danted knows only those of the system's users."""

    def __init__(self, user, password):
        self.account = (user.encode(), password.encode())
        self.accounts = []
        self.targets = []

    async def __call__(self, server, reader, writer):
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        writer.write(bytes([5, 2 if 2 in methods else 255]))
        if 2 not in methods:
            await writer.drain()
            return
        _, count = await reader.readexactly(2)
        user = await reader.readexactly(count)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        self.accounts.append((user, password))
        writer.write(bytes([1, 0 if (user, password) == self.account else 1]))
        await writer.drain()
        if (user, password) != self.account:
            return
        _, command, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, await reader.readexactly(4)) if kind == 1
                                      else (socket.AF_INET6, await reader.readexactly(16))))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.targets.append((kind, host, port))
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x05\0\0\x01\x7f\0\0\x01" + port.to_bytes(2, "big"))

        async def copy(source, target):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
            with suppress(OSError):
                target.write_eof()
        try:
            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
        finally:
            far_writer.close()
