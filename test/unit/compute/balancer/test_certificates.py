"""Certificates as haproxy reads them: what is understood is written anew."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization

from compute.balancer.certificates import authorities, bundle, revoked
from compute.core.errors import BadRequest
from compute.secret.client import Certificate
from test.fakes.certificates import Authority, Issued

AUTHORITY = Authority()
ISSUED = AUTHORITY.issue("web.example")


def test_certificates_are_written_anew() -> None:
    other = AUTHORITY.issue("b.example")
    text = bundle(Certificate(ISSUED.pem, ISSUED.key_pem, b"", AUTHORITY.own.pem))
    assert text.count(b"BEGIN CERTIFICATE") == 2 and text.startswith(ISSUED.pem)
    assert authorities(b"words before\n" + AUTHORITY.own.pem) == AUTHORITY.own.pem
    assert revoked(AUTHORITY.revoke(other)).startswith(b"-----BEGIN X509 CRL")
    for bad in (
        Certificate(ISSUED.pem, other.key_pem),
        Certificate(ISSUED.pem),
        Certificate(b"x", ISSUED.key_pem),
        Certificate(ISSUED.pem, ISSUED.key_pem, b"", b"-----BEGIN CERTIFICATE-----"),
        Certificate(ISSUED.pem + b" " * 300000, ISSUED.key_pem),
    ):
        with pytest.raises(BadRequest):
            bundle(bad)
    for read in (authorities, revoked):
        with pytest.raises(BadRequest):
            read(b"nonsense")
    assert isinstance(other, Issued)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a003020102", "a003020107"),  # a version that there is not
        ("06072a8648ce3d0201", "06072a8648ce3d027f"),  # a key of an unknown kind
        ("06082a8648ce3d030107", "06082a8648ce3d03017f"),  # on an unknown curve
        ("03420004", "03420003"),  # no point of it
    ],
)
def test_certificates_that_nobody_knows(before: str, after: str) -> None:
    der = ISSUED.certificate.public_bytes(serialization.Encoding.DER)
    bad = der.replace(bytes.fromhex(before), bytes.fromhex(after))
    assert bad != der
    with pytest.raises(BadRequest):
        bundle(Certificate(bad, ISSUED.key_pem))
    if before.startswith("a0"):
        with pytest.raises(BadRequest):
            authorities(bad)
