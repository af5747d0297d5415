"""Certificates out of what containers and secrets keep.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from compute.core.errors import BadRequest
from compute.secret.model import (
    CERTIFICATE,
    INTERMEDIATES,
    KEY_PASSPHRASE,
    PRIVATE_KEY,
)

_BEGIN = b"-----BEGIN "
_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----\r?\n?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """As it is kept, b"" what is not there: PEM as a rule, and not looked into.
    ``passphrase``: that the private key is encrypted with."""

    certificate: bytes
    private_key: bytes = field(default=b"", repr=False)
    passphrase: bytes = field(default=b"", repr=False)
    intermediates: bytes = b""


def certificate_of(payloads: Mapping[str, bytes]) -> Certificate:
    """From a container's, by their names in it.  ``BadRequest``."""
    if CERTIFICATE not in payloads:
        raise BadRequest("The container has no certificate")
    return Certificate(
        payloads[CERTIFICATE],
        payloads.get(PRIVATE_KEY, b""),
        payloads.get(KEY_PASSPHRASE, b""),
        payloads.get(INTERMEDIATES, b""),
    )


def certificate_of_bytes(content: bytes) -> Certificate:
    """From a secret's: PEM, or PKCS #12 without a password.  ``BadRequest``."""
    if _BEGIN in content:
        return _of_pem(content)
    try:
        found = pkcs12.load_pkcs12(content, None)
    except ValueError:
        raise BadRequest(
            "The secret keeps neither PEM nor a PKCS #12 bundle without a password"
        ) from None
    if found.cert is None:
        raise BadRequest("The secret's bundle has no certificate")
    pem = serialization.Encoding.PEM
    key = b""
    if found.key is not None:
        key = found.key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    chain = b"".join(
        each.certificate.public_bytes(pem) for each in found.additional_certs
    )
    return Certificate(found.cert.certificate.public_bytes(pem), key, b"", chain)


def _of_pem(content: bytes) -> Certificate:
    """The first certificate is the one, those after it are its chain."""
    certificates, keys = [], []
    for block in _BLOCK.finditer(content):
        kind = block.group(1)
        if kind in (b"CERTIFICATE", b"X509 CERTIFICATE"):
            certificates.append(block.group(0))
        elif kind.endswith(b"PRIVATE KEY"):
            keys.append(block.group(0))
    if not certificates:
        raise BadRequest("The secret's PEM has no certificate")
    chain = b"".join(certificates[1:])
    return Certificate(certificates[0], b"".join(keys[:1]), b"", chain)
