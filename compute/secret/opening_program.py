"""Opens what may take its time to open, as a process of its own (see ``opening.py``).

Its arguments are what to open, a key or a bundle, and a descriptor where two lines in
base64 say the content and the passphrase; it writes the parts as such lines, and ends
with 1 when it cannot be opened.  It stands alone: only then does it begin in no time.
"""

from __future__ import annotations

import base64
import sys

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

KEY, BUNDLE = "key", "bundle"
_BEGIN = b"-----BEGIN "
_PEM = serialization.Encoding.PEM
_KINDS = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
)


def opened_key(content: bytes, passphrase: bytes) -> list[bytes]:
    """A private key in clear: PEM of PKCS #8."""
    load = (
        serialization.load_pem_private_key
        if _BEGIN in content
        else serialization.load_der_private_key
    )
    key = load(content, passphrase or None, unsafe_skip_rsa_key_validation=True)
    return [_in_clear(key)]


def opened_bundle(content: bytes, passphrase: bytes) -> list[bytes]:
    """Certificate, key (b"": none), chain of a PKCS #12 bundle, all PEM."""
    found = pkcs12.load_pkcs12(content, passphrase or None)
    if found.cert is None:
        raise ValueError("no certificate")
    chain = [each.certificate.public_bytes(_PEM) for each in found.additional_certs]
    own = found.cert.certificate.public_bytes(_PEM)
    key = b"" if found.key is None else _in_clear(found.key)
    return [own, key, b"".join(chain)]


def _in_clear(key: object) -> bytes:
    if not isinstance(key, _KINDS):
        raise ValueError("no key of a certificate")
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(_PEM, form, plain)


def main(kind: str, descriptor: str) -> int:
    """The program; its status."""
    with open(f"/proc/self/fd/{descriptor}", "rb") as stream:
        content, passphrase = map(base64.b64decode, stream.read().split(b"\n"))
    open_it = opened_bundle if kind == BUNDLE else opened_key
    try:
        parts = open_it(content, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return 1
    sys.stdout.buffer.write(b"\n".join(map(base64.b64encode, parts)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
