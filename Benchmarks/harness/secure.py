"""What TLS and HTTP/2 cost a server: CPU per echo, memory per WebSocket, CPU per connection."""

import ssl
import subprocess
import time
from collections.abc import Callable

from .carriers import OverHTTP1, OverHTTP2, message, upgraded
from .compressed import cpu_seconds
from .paths import SCRATCH
from .processes import settled_resident_bytes
from .servers import SetupError

Group = OverHTTP1 | OverHTTP2


def certificate() -> tuple[str, str]:
    """Paths of a certificate and its key (ECDSA, P-256), made once."""
    chain, key = SCRATCH / "certificate.pem", SCRATCH / "key.pem"
    if not chain.exists():
        SCRATCH.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "365",
             "-keyout", str(key), "-out", str(chain), "-subj", "/CN=localhost"], capture_output=True, text=True)
        if made.returncode != 0:
            raise SetupError(f"openssl failed: {made.stderr}")
    return str(chain), str(key)


def tls(*protocols: str) -> ssl.SSLContext:
    """TLS 1.3, without looking at the certificate: it is ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def cpu_per_echo(pid: int, group: Group, byte_count: int, seconds: float) -> float:
    """µs of the server, one message in flight on each WebSocket."""
    frame, echo_byte_count = message(byte_count)
    warm_until = time.monotonic() + seconds / 3
    while time.monotonic() < warm_until:
        group.round(frame, echo_byte_count)
    echoes, began, end = 0, cpu_seconds(pid), time.monotonic() + seconds
    while time.monotonic() < end:
        echoes += group.round(frame, echo_byte_count)
    spent = cpu_seconds(pid) - began
    group.close()
    return spent / echoes * 1e6


def memory_per_websocket(pid: int, opened: Callable[[int], Group], count: int) -> float:
    """KiB of the server per WebSocket that is open and idle. `opened` makes that many."""
    opened(count // 100).close()
    before = settled_resident_bytes(pid)
    group = opened(count)
    after = settled_resident_bytes(pid)
    group.close()
    return (after - before) / count / 1024


def cpu_per_connection(port: int, pid: int, context: ssl.SSLContext | None, seconds: float) -> float:
    """µs of the server for a connection that is opened, upgraded and closed."""
    def once() -> None:
        connection = upgraded(port, context)
        # Close 1000, masked with zeros; the server answers and ends the connection.
        connection.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
        while connection.recv(4096):
            pass
        connection.close()

    warm_until = time.monotonic() + seconds / 3
    while time.monotonic() < warm_until:
        once()
    count, began, end = 0, cpu_seconds(pid), time.monotonic() + seconds
    while time.monotonic() < end:
        once()
        count += 1
    return (cpu_seconds(pid) - began) / count * 1e6
