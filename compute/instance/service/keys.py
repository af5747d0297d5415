"""Public keys: made, read, and shown by their fingerprint."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from compute.core.errors import BadRequest

SSH, X509 = "ssh", "x509"
RSA_BITS = 2048
# The certificate is only a wrapping of the key: nobody asks how old it is.
CERTIFICATE_DAYS = 3650


@dataclass(frozen=True, slots=True)
class NewKey:
    """``private`` is shown once, and kept nowhere."""

    public: str
    fingerprint: str
    private: str = field(default="", repr=False)


def md5_fingerprint(raw: bytes) -> str:
    """As ``ssh-keygen -l -E md5`` shows it."""
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    return ":".join(digest[place : place + 2] for place in range(0, 32, 2))


def sha1_fingerprint(raw: bytes) -> str:
    """As certificates' are shown."""
    digest = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
    return ":".join(digest[place : place + 2] for place in range(0, 40, 2))


def read_ssh(text: str) -> NewKey:
    """A public key that somebody has.  ``BadRequest``."""
    parts = text.strip().split()
    try:
        raw = base64.b64decode(parts[1], validate=True)
        load_ssh_public_key(" ".join(parts[:2]).encode())
    except IndexError:
        text = "it is one line, as in a file that ends with .pub: ssh-ed25519 AAAA..."
        raise BadRequest(f"Keypair data is invalid: {text}") from None
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"Keypair data is invalid: {error}") from None
    except Exception:  # noqa: BLE001  (a kind that the library does not know)
        raise BadRequest("Keypair data is invalid: unknown type of key") from None
    return NewKey(text, md5_fingerprint(raw))


def read_x509(text: str) -> NewKey:
    """A certificate that somebody has.  ``BadRequest``."""
    try:
        certificate = x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise BadRequest(f"Keypair data is invalid: {error}") from None
    raw = certificate.public_bytes(serialization.Encoding.DER)
    return NewKey(text, sha1_fingerprint(raw))


def make_ssh(*, algorithm: str = "ed25519") -> NewKey:
    """A new pair."""
    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if algorithm == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    elif algorithm == "ecdsa":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    text = f"{public.decode()} Generated-by-Ringstack"
    return NewKey(text, read_ssh(text).fingerprint, private.decode())


def make_x509(user: str, now: float) -> NewKey:
    """A new key in a certificate of its own (for Windows guests)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user[:64] or "user")])
    begin = datetime.fromtimestamp(now, UTC)
    upn = x509.OtherName(
        x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"),
        b"\x0c" + bytes([len(user[:64].encode())]) + user[:64].encode(),
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName([upn]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return NewKey(text, read_x509(text).fingerprint, private.decode())
