"""Private keys in clear, of kinds that are read in no time.  Pure.

How long it takes to read any other is up to whoever wrote it: a passphrase is hashed as
often as the key says, and parameters of Diffie and Hellman are looked at for being
primes, for minutes.  Those are opened elsewhere (``opening.py``).
"""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

PlainKey = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
# (A key that is sealed has other words, or headers with colons and hyphens.)
_PEM = re.compile(
    rb"\s*-----BEGIN (?:EC |RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END [^-]+--"
)
_LENGTH = rb"(?:[\x00-\x7f]|\x81.|\x82..)"
_RSA = rb"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
_EC = rb"\x2a\x86\x48\xce\x3d\x02\x01"
_EDWARDS = rb"\x2b\x65[\x70\x71]"
# How DER of these begins: PKCS #8 with the kind's name, SEC 1, PKCS #1.
_DER = re.compile(
    rb"\x30" + _LENGTH + rb"\x02\x01"
    rb"(?:[\x00\x01]\x30.\x06.(?:" + b"|".join((_RSA, _EC, _EDWARDS)) + rb")"
    rb"|\x01\x04|\x00\x02)",
    re.DOTALL,
)


def plain_key(content: bytes) -> PlainKey | None:
    """The key, where it is such a one.  ``ValueError`` when it only begins so."""
    found = _PEM.match(content)
    try:
        der = base64.b64decode(found[1]) if found else content
    except binascii.Error:
        return None
    if _DER.match(der) is None:
        return None
    # Whether its numbers are primes is looked at for a minute where they are large, and
    # is nothing to us: the certificate says whose key it must be.
    try:
        key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None
    # (A DSA key begins as one of RSA does.)
    return key if isinstance(key, PlainKey) else None
