"""A certificate for loopback, signed by itself, as a private authority would."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What a server shows, and the file that makes a client trust it."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    authority: Path


def certificates(folder: Path) -> Certificates:
    """Make a key and a certificate for loopback and `*.slack.test`, with openssl."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext"]
    names = "subjectAltName=DNS:localhost,DNS:*.slack.test,IP:127.0.0.1"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-days", "2", *kind, *subject, names, *files],
        check=True,
        capture_output=True,
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    return Certificates(server=server, client=client, authority=certificate)
