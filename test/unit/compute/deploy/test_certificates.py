"""Hosts' certificates: for whom, by whom, and when another is made."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from compute.deploy.certificates import (
    HOST_DAYS,
    UnfitCertificate,
    certificates_in,
    ends_at,
    is_due,
    make_authority,
    make_certificate,
    own_certificate,
)
from compute.deploy.settings_files import names_of
from compute.deploy.site import Site
from test.unit.compute.deploy.inventories import AUTHORITY, NOW, inventory

NAMES = {"10.0.0.1", "alpha", "fd00::1"}
PEM = make_certificate(AUTHORITY, NAMES, NOW)
LIFE = timedelta(days=HOST_DAYS)


def test_what_is_made_can_be_shown_and_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    path.write_text(PEM)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)
    ssl.create_default_context(cadata=AUTHORITY.certificate)
    assert ends_at(PEM) == NOW + LIFE


def test_it_is_made_anew_in_time_and_only_then() -> None:
    assert not is_due(PEM, AUTHORITY, NAMES, NOW)
    assert not is_due(PEM, AUTHORITY, NAMES, NOW + LIFE * 0.6)
    assert is_due(PEM, AUTHORITY, NAMES, NOW + LIFE * 0.7)
    assert is_due(PEM, AUTHORITY, NAMES, NOW + 2 * LIFE)


def test_it_is_made_anew_for_another_name_or_authority() -> None:
    assert is_due(PEM, AUTHORITY, {*NAMES, "cloud.example.org"}, NOW)
    assert is_due(PEM, make_authority("Another", NOW), NAMES, NOW)


def test_hosts_are_named_as_they_are_reached() -> None:
    found = inventory({"cloud": {"public_url": "https://cloud.example.org:5000"}})
    alpha, _, gamma = found.hosts
    assert names_of(found, alpha) == {"alpha", "10.0.0.1"}
    assert names_of(found, gamma) == {
        "gamma",
        "10.0.0.3",
        "cloud.example.org",
        "10.0.0.1",
    }


def halves(pem: str) -> tuple[str, str]:
    key, mark, chain = pem.partition("-----BEGIN CERTIFICATE")
    return mark + chain, key


def test_the_operators_own_must_fit() -> None:
    pem = make_certificate(AUTHORITY, ["*.example.org"], NOW)
    chain, key = halves(pem)
    assert own_certificate(chain, key, ["cloud.example.org"], NOW) == pem
    for wrong, text in (
        ((chain, key, ["example.com"], NOW), "not for example.com"),
        ((chain, halves(PEM)[1], [], NOW), "not that of"),
        ((chain, key, [], NOW + 2 * LIFE), "ran out"),
        ((chain, "nothing", [], NOW), "private_key"),
    ):
        with pytest.raises(UnfitCertificate, match=text):
            own_certificate(*wrong)


def test_of_an_authority_only_certificates_are_shown(tmp_path: Path) -> None:
    """Its file may have its key in it; what hosts believe everybody may read."""
    own = tmp_path / "own.pem"
    own.write_text(make_certificate(AUTHORITY, ["cloud.example.org"], NOW + 9 * LIFE))
    signer = tmp_path / "signer.pem"
    signer.write_text(f"# Őrző\n{AUTHORITY.certificate}{AUTHORITY.key}", "utf-8")
    url = "https://cloud.example.org"
    given = {"certificate": own, "private_key": own, "authority": signer}
    options = {name: str(path) for name, path in given.items()}
    found = inventory({"cloud": {"public_url": url, "store_url": url, **options}})
    papers = Site(tmp_path / "site").papers(found)
    assert papers is not None
    assert papers.public_authority == AUTHORITY.certificate
    with pytest.raises(UnfitCertificate, match="authority: "):
        certificates_in(AUTHORITY.key)
    own.write_bytes(b"\x30\x82\xff")
    with pytest.raises(UnfitCertificate, match="is no PEM file"):
        Site(tmp_path / "site").papers(found)


def test_a_site_keeps_them_for_its_owner_alone(tmp_path: Path) -> None:
    site, found = Site(tmp_path / "site"), inventory()
    site.make()
    first = site.papers(found)
    assert first is not None
    site.keep_papers(first)
    assert site.papers(found) == first
    assert not is_due(first.hosts["alpha"], first.authority, {"alpha", "10.0.0.1"}, NOW)
    kept = [path for path in site.directory.rglob("*") if path.is_file()]
    assert len(kept) == 5
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    (site.directory / "authority.key").unlink()
    with pytest.raises(UnfitCertificate, match=r"authority\.key is gone"):
        site.papers(found)


def test_without_tls_there_are_none(tmp_path: Path) -> None:
    assert Site(tmp_path).papers(inventory({"cloud": {"tls": "no"}})) is None
