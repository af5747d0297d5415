"""Certificates out of what containers and secrets keep.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from compute.core.errors import BadRequest
from compute.secret.model import (
    CERTIFICATE,
    INTERMEDIATES,
    KEY_PASSPHRASE,
    PRIVATE_KEY,
)

_BEGIN = b"-----BEGIN "
# (What is between the two has no such line, so that none is sought twice.)
_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----).)+-----END \1-----\r?\n?", re.DOTALL
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


def is_pem(content: bytes) -> bool:
    """Whether it is PEM, or means to be."""
    return _BEGIN in content


def certificate_of_pem(content: bytes) -> Certificate:
    """From a secret's: the first certificate is the one, those after it are its chain.
    ``BadRequest``."""
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
