"""A certificate for 127.0.0.1 that nobody trusts, made anew for each run."""

import ssl
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def made():
    """Paths of a certificate and its key in PEM."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-keyout", key, "-out", certificate, "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True, capture_output=True, timeout=30)
        yield str(certificate), str(key)


def trusting(certificate):
    """A client's context that trusts this certificate and no other."""
    return ssl.create_default_context(cafile=certificate)


def serving(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context
