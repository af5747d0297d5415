"""An authority of the site's own, and a certificate for each host.  Pure.

The authority signs what hosts show to each other, and to clients where the operator has
no certificates.  A host's is made anew when a third of its life is left, when the host
is reached by another name, or when another authority signed it.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
AUTHORITY_DAYS = 3650
# Clients refuse what is good for longer than 398 days.
HOST_DAYS = 365
# The part of its life that is left when a certificate is made anew.
RENEWED_AT = 1 / 3
# Clocks differ.
SLACK = datetime.timedelta(hours=1)
_PEM = serialization.Encoding.PEM


class UnfitCertificate(ValueError):
    """What the operator gave cannot be shown to clients."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Its certificate, and its key, which no host ever gets."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Papers:
    """Everything that hosts show, and believe."""

    authority: Authority
    # By host's name: key and certificate.
    hosts: Mapping[str, str]
    # The operator's own for clients, and who signed it; "": hosts' are good for them.
    public: str = ""
    public_authority: str = ""

    @property
    def trusted(self) -> str:
        """Whom clients, and hosts as clients, should believe."""
        return self.authority.certificate + self.public_authority


def make_authority(name: str, now: datetime.datetime) -> Authority:
    """For a site."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    made = (
        _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(_usage(signs=True), True)
        .add_extension(_key_name(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    return Authority(made.public_bytes(_PEM).decode("ascii"), _text(key))


def make_certificate(
    authority: Authority, names: Collection[str], now: datetime.datetime
) -> str:
    """A key, and the certificate of who is reached by these names and addresses."""
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    signing = serialization.load_pem_private_key(authority.key.encode(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    ordered = sorted(names)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ordered[0][:64])])
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        _builder(subject, issuer.subject, key.public_key(), now, HOST_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(_usage(signs=False), True)
        .add_extension(x509.ExtendedKeyUsage(both), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
            False,
        )
        .add_extension(x509.SubjectAlternativeName(list(map(_name, ordered))), False)
        .sign(signing, hashes.SHA256())
    )
    return _text(key) + made.public_bytes(_PEM).decode("ascii")


def is_due(
    pem: str, authority: Authority, names: Collection[str], now: datetime.datetime
) -> bool:
    """Whether a host's certificate must be made anew."""
    found = _first(pem)
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    try:
        found.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001  (whatever is wrong with it, another is made)
        return True
    left = found.not_valid_after_utc - now
    life = found.not_valid_after_utc - found.not_valid_before_utc
    return left <= life * RENEWED_AT or _names_of(found) != set(names)


def ends_at(pem: str) -> datetime.datetime:
    """When a certificate runs out."""
    return _first(pem).not_valid_after_utc


def own_certificate(
    chain: str, key: str, names: Collection[str], now: datetime.datetime
) -> str:
    """The operator's, as hosts get it.  Raises ``UnfitCertificate``."""
    try:
        found = _first(chain)
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError) as error:
        raise UnfitCertificate(f"certificate and private_key: {error}") from None
    if private.public_key() != found.public_key():
        raise UnfitCertificate("private_key is not that of certificate")
    if found.not_valid_after_utc <= now:
        raise UnfitCertificate(f"certificate ran out at {found.not_valid_after_utc}")
    missing = [each for each in sorted(names) if not _is_for(found, each)]
    if missing:
        raise UnfitCertificate(f"certificate is not for {', '.join(missing)}")
    return key.rstrip("\n") + "\n" + chain.rstrip("\n") + "\n"


def certificates_in(text: str) -> str:
    """Those of a file alone: hosts, and clients, get no more of it, were there a key.
    Raises ``UnfitCertificate``."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise UnfitCertificate(f"authority: {error}") from None
    return "".join(each.public_bytes(_PEM).decode("ascii") for each in found)


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    names = _names_of(certificate)
    return name in names or f"*.{name.partition('.')[2]}" in names


def _first(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pem.encode())[0]


def _names_of(certificate: x509.Certificate) -> set[str]:
    try:
        kind = x509.SubjectAlternativeName
        found = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return set()
    addresses = found.get_values_for_type(x509.IPAddress)
    return {*found.get_values_for_type(x509.DNSName), *map(str, addresses)}


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + days * DAY)
    )


def _key_name(key: ec.EllipticCurvePublicKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _text(key: ec.EllipticCurvePrivateKey) -> str:
    form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(_PEM, form, plain).decode("ascii")
