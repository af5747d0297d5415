"""What a certificate says, and whether what is kept together is one.  Pure.

A certificate is no secret: whoever connects is shown it.  So pages may tell what is in
it; of what cannot be read as one they tell nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import PublicKeyAlgorithmOID

from compute.dashboard.frame.formats import BAD
from compute.dashboard.frame.view import Badge, Cell, Many, Text, When
from compute.secret.client import PlainKey, plain_key

PARTS = ("certificate", "private_key", "intermediates")
NAMES_MAX = 20
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_EXPIRED = Badge("expired", BAD)
# Keys of others take minutes to look at, and haproxy takes none of them.
_KINDS = (
    PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5,
    PublicKeyAlgorithmOID.EC_PUBLIC_KEY,
    PublicKeyAlgorithmOID.ED25519,
    PublicKeyAlgorithmOID.ED448,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whom it is for, until when, by whose word."""

    names: tuple[str, ...]
    ends: datetime
    signer: str

    def briefly(self, now: float) -> list[Cell]:
        """Below its name, where it is used."""
        day = Text(f"good until {self.ends.date().isoformat()}", "faint")
        return [day] if self._lasts(now) else [_EXPIRED, day]

    def facts(self, now: float) -> list[tuple[str, Cell]]:
        """As a page tells it."""
        end = When(self.ends.isoformat())
        return [
            ("For", Many([Text(each) for each in self.names[:NAMES_MAX]])),
            ("Good until", end if self._lasts(now) else Many([_EXPIRED, end])),
            ("Signed by", Text(self.signer)),
        ]

    def _lasts(self, now: float) -> bool:
        return self.ends.timestamp() > now


def certificate_of(content: bytes) -> Certificate | None:
    """The first one there, as PEM or DER; None: it is none."""
    try:
        found = _read(content)[0]
        names = _names_of(found)
        signer = found.issuer.rfc4514_string()
    except _UNREADABLE:
        return None
    return Certificate(tuple(names), found.not_valid_after_utc, signer)


def parted(certificate: str, chain: str) -> tuple[str, str]:
    """A file of all certificates, as many are handed out, in two: whose it is, and the
    chain.  What else is in it (the key, say) is left out; what is none stays."""
    try:
        first, *others = x509.load_pem_x509_certificates(certificate.encode())
    except _UNREADABLE:
        return certificate, chain
    return _text(first), "".join([*map(_text, others), chain])


def problems(parts: Mapping[str, str], now: float) -> dict[str, str]:
    """Why a load balancer could not end TLS with these, by the part."""
    found: dict[str, str] = {}
    certificate = _readable(parts.get("certificate", ""))
    if certificate is None:
        found["certificate"] = "This is no certificate as PEM."
    elif certificate.not_valid_after_utc <= datetime.fromtimestamp(now, UTC):
        day = certificate.not_valid_after_utc.date().isoformat()
        found["certificate"] = f"It was good until {day}: it is of no use any more."
    key = parts.get("private_key", "")
    if _key_of(key) is None:
        found["private_key"] = (
            "This is no private key in clear, of RSA or an elliptic curve, as PEM."
            " (openssl pkey -in FILE takes a passphrase off.)"
        )
    elif certificate is not None and not _belong(certificate, key):
        found["private_key"] = "It is the key of another certificate."
    chain = parts.get("intermediates")
    if chain and _readable(chain) is None:
        found["intermediates"] = "These are no certificates as PEM."
    return found


def _read(content: bytes) -> list[x509.Certificate]:
    if b"-----BEGIN " in content:
        return x509.load_pem_x509_certificates(content)
    return [x509.load_der_x509_certificate(content)]


def _readable(text: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificates(text.encode())[0]
    except _UNREADABLE:
        return None


def _key_of(text: str) -> PlainKey | None:
    try:
        return plain_key(text.encode())
    except ValueError:
        return None


def _belong(certificate: x509.Certificate, key: str) -> bool:
    ours = _key_of(key)
    if ours is None or certificate.public_key_algorithm_oid not in _KINDS:
        return False
    kind = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        theirs = certificate.public_key()
    except _UNREADABLE:
        return False
    return theirs.public_bytes(*kind) == ours.public_key().public_bytes(*kind)


def _names_of(certificate: x509.Certificate) -> list[str]:
    """Of hosts; of one without any, whatever it calls itself."""
    try:
        extensions = certificate.extensions
        found = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return [certificate.subject.rfc4514_string()]
    return [
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    ]


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
