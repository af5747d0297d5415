"""Certificates as haproxy reads them: parsed, compared, and written anew.  Pure.

What users keep is never handed on as it is: only what was understood of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import PublicKeyAlgorithmOID

from compute.balancer.rules import wrong
from compute.secret.client import Certificate, PlainKey, plain_key

# More is no chain, and no bundle of those who sign clients' certificates.
CERTIFICATES_MAX = 100
CONTENT_BYTES_MAX = 256 * 1024
_PEM = serialization.Encoding.PEM
_BEGIN = b"-----BEGIN "
# Others take minutes to look at.
_KINDS = (
    PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5,
    PublicKeyAlgorithmOID.EC_PUBLIC_KEY,
    PublicKeyAlgorithmOID.ED25519,
    PublicKeyAlgorithmOID.ED448,
)

T = TypeVar("T")


def bundle(found: Certificate) -> bytes:
    """Certificate, key (in clear) and chain as one PEM.  ``BadRequest``."""
    certificate = _certificates(found.certificate, "certificate")[0]
    if certificate.public_key_algorithm_oid not in _KINDS:
        raise wrong("The certificate's key is none that haproxy takes")
    if not found.private_key:
        raise wrong("The certificate has no private key")
    key = _understood(lambda: _key(found), "private key")
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    ours = key.public_key().public_bytes(_PEM, public)
    theirs = _understood(certificate.public_key, "certificate's key")
    if theirs.public_bytes(_PEM, public) != ours:
        raise wrong("The private key is not the certificate's")
    plain = key.private_bytes(
        _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = _certificates(found.intermediates, "chain") if found.intermediates else []
    written = [each.public_bytes(_PEM) for each in (certificate, *chain)]
    return b"".join([written[0], plain, *written[1:]])


def authorities(content: bytes) -> bytes:
    """Certificates of those who sign others.  ``BadRequest``."""
    found = _certificates(content, "certificates of authorities")
    return b"".join(each.public_bytes(_PEM) for each in found)


def revoked(content: bytes) -> bytes:
    """A list of what is revoked.  ``BadRequest``."""
    load = x509.load_pem_x509_crl if _BEGIN in content else x509.load_der_x509_crl
    return _understood(lambda: load(_small(content)), "CRL").public_bytes(_PEM)


def _certificates(content: bytes, what: str) -> list[x509.Certificate]:
    found = _understood(lambda: _load(_small(content)), what)
    if not 0 < len(found) <= CERTIFICATES_MAX:
        raise wrong(f"The {what} must be 1 to {CERTIFICATES_MAX} certificates")
    return found


def _load(content: bytes) -> list[x509.Certificate]:
    if b"-----BEGIN PKCS7" in content:
        return pkcs7.load_pem_pkcs7_certificates(content)
    if _BEGIN in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]


def _key(found: Certificate) -> PlainKey:
    key = None if found.passphrase else plain_key(_small(found.private_key))
    if key is None:
        raise ValueError("not opened")
    return key


def _small(content: bytes) -> bytes:
    if len(content) > CONTENT_BYTES_MAX:
        raise wrong(f"At most {CONTENT_BYTES_MAX} bytes are read of a certificate")
    return content


def _understood(load: Callable[[], T], what: str) -> T:
    """What cannot be read is its keeper's fault.  (What it is does not matter, and is
    not told: it may be a key.)"""
    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise wrong(f"The {what} cannot be read") from None
