"""What is told of certificates, and which are not worth keeping."""

from __future__ import annotations

import datetime

from compute.dashboard.frame.formats import BAD
from compute.dashboard.frame.view import Badge
from compute.dashboard.pages.secrets.certificates import (
    certificate_of,
    parted,
    problems,
)
from test.fakes.certificates import DAY, Authority

AUTHORITY = Authority()
WEB = AUTHORITY.issue("www.example.org", "example.org")
CERTIFICATE, KEY = WEB.pem.decode(), WEB.key_pem.decode()
CHAIN = AUTHORITY.own.pem.decode()
NOW = datetime.datetime.now(datetime.UTC).timestamp()
GOOD = {"certificate": CERTIFICATE, "private_key": KEY, "intermediates": CHAIN}


def test_a_certificate_with_its_key_is_kept() -> None:
    assert problems(GOOD, NOW) == {}
    assert problems({"certificate": CERTIFICATE, "private_key": KEY}, NOW) == {}


def test_what_no_load_balancer_could_use_is_told_at_once() -> None:
    other = AUTHORITY.issue("other.example").key_pem.decode()
    assert set(problems({}, NOW)) == {"certificate", "private_key"}
    swapped = {"certificate": KEY, "private_key": CERTIFICATE}
    assert set(problems(swapped, NOW)) == {"certificate", "private_key"}
    found = problems({**GOOD, "private_key": other}, NOW)
    assert found == {"private_key": "It is the key of another certificate."}
    assert set(problems({**GOOD, "intermediates": "a"}, NOW)) == {"intermediates"}
    late = problems(GOOD, NOW + 900 * DAY.total_seconds())
    assert set(late) == {"certificate"} and "was good until" in late["certificate"]
    sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n"
    assert set(problems({**GOOD, "private_key": sealed}, NOW)) == {"private_key"}


def test_all_of_a_file_is_parted_into_certificate_and_chain() -> None:
    assert parted(CERTIFICATE + KEY + CHAIN, "") == (CERTIFICATE, CHAIN)
    assert parted(CERTIFICATE, CHAIN) == (CERTIFICATE, CHAIN)
    assert parted("nothing", "else") == ("nothing", "else")


def test_whom_a_certificate_is_for_and_until_when() -> None:
    found = certificate_of(WEB.pem)
    assert found is not None
    assert found.names == ("www.example.org", "example.org")
    assert found.signer == "CN=authority"
    assert not any(isinstance(each, Badge) for each in found.briefly(NOW))
    late = found.briefly(found.ends.timestamp())
    assert Badge("expired", BAD) in late
    assert certificate_of(WEB.key_pem) is None and certificate_of(b"\x30\x03") is None
