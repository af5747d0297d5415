"""What other rooms get, by the caller's right and by what was entrusted to them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12

from compute.core.errors import BadRequest, Forbidden, NotFound
from compute.secret.client import Certificate, Use
from test.unit.compute.secret.house import OTHER, House, path_of

LISTENER = Use("load-balancer", "listener", "l1")
NOWHERE = "http://elsewhere/v1/secrets/00000000-0000-4000-8000-000000000000"


def _bundle() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(
        b"here", key, certificate, [certificate], serialization.NoEncryption()
    )


def test_a_secret(house: House) -> None:
    ref = house.create("hush")
    mine, other = house.context(), house.context(project=OTHER)
    assert house.client.payload(mine, ref) == b"hush"
    # The host in a reference is never asked.
    elsewhere = f"http://169.254.169.254{path_of(ref)}".replace(
        "/secrets", "/v1/secrets"
    )
    assert house.client.payload(mine, elsewhere) == b"hush"
    for wrong in (NOWHERE,):
        with pytest.raises(NotFound):
            house.client.payload(mine, wrong)
    with pytest.raises(NotFound):
        house.client.payload(other, ref)
    for text in ("", "hush", "http://x/v1/secrets/../containers", "http://[x"):
        with pytest.raises(BadRequest):
            house.client.payload(mine, text)


def test_whose_token_it_is(house: House) -> None:
    ref = house.create("hush")
    caller = house.context()
    with pytest.raises(Forbidden):
        house.client.payload(dataclasses.replace(caller, token="no more"), ref)
    house.call("PUT", f"{path_of(ref)}/acl", {"read": {"project-access": False}})
    with pytest.raises(Forbidden):
        house.client.entrust(house.context(user="colleague"), ref, LISTENER)
    house.client.entrust(caller, ref, LISTENER)


def test_what_is_entrusted_is_read_until_it_is_released(house: House) -> None:
    ref = house.create("hush")
    with pytest.raises(NotFound):
        house.client.entrusted_payload(ref, LISTENER)
    with pytest.raises(NotFound):
        house.client.entrust(house.context(project=OTHER), ref, LISTENER)
    house.client.entrust(house.context(), ref, LISTENER)
    house.client.entrust(house.context(), ref, LISTENER)
    assert house.client.entrusted_payload(ref, LISTENER) == b"hush"
    with pytest.raises(NotFound):
        house.client.entrusted_payload(ref, Use("load-balancer", "listener", "l2"))
    (used,) = house.call("GET", path_of(ref)).json["consumers"]
    assert (used["service"], used["resource_id"]) == ("load-balancer", "l1")
    assert house.call("DELETE", path_of(ref)).status == 409
    house.client.release(ref, LISTENER)
    house.client.release(ref, LISTENER)
    with pytest.raises(NotFound):
        house.client.entrusted_payload(ref, LISTENER)


def test_only_the_clouds_services_read_so(house: House) -> None:
    with house.caller.request(
        "POST",
        "/internal/entrusted",
        {"X-Auth-Token": house.context().token},
        b"{}",
    ) as answer:
        assert answer.status == 403


def test_a_container_of_a_certificate(house: House) -> None:
    parts = {"certificate": "CERT", "private_key": "KEY"}
    optional = {"private_key_passphrase": "PASS", "intermediates": "CHAIN"}
    both = {**parts, **optional}
    refs = {name: house.create(text) for name, text in both.items()}
    ref = house.contain("certificate", **refs)
    wanted = Certificate(b"CERT", b"KEY", b"PASS", b"CHAIN")
    assert "PASS" not in repr(wanted)
    assert house.client.certificate(house.context(), ref) == wanted
    with pytest.raises(NotFound):
        house.client.certificate(house.context(project=OTHER), ref)
    house.client.entrust(house.context(), ref, LISTENER)
    assert house.client.entrusted_certificate(ref, LISTENER) == wanted
    (used,) = house.call("GET", path_of(ref)).json["consumers"]
    assert used == {"name": "load-balancer", "URL": "listener/l1"}
    house.client.release(ref, LISTENER)
    with pytest.raises(NotFound):
        house.client.entrusted_certificate(ref, LISTENER)
    with pytest.raises(BadRequest):
        house.client.certificate(house.context(), house.contain())


def test_a_container_that_changes_is_no_certificate(house: House) -> None:
    refs = {name: house.create(name) for name in ("certificate", "private_key")}
    ref = house.contain("generic", **refs)
    with pytest.raises(BadRequest, match="generic"):
        house.client.entrust(house.context(), ref, LISTENER)
    # Also not where somebody who sees the container names a consumer himself.
    use = {"name": "load-balancer", "URL": "listener/l1"}
    assert house.call("POST", f"{path_of(ref)}/consumers", use).status == 200
    with pytest.raises(BadRequest, match="generic"):
        house.client.entrusted_certificate(ref, LISTENER)


def test_a_bundle_in_one_secret(house: House) -> None:
    found = house.client.certificate(house.context(), house.create(_bundle()))
    assert found.certificate.startswith(b"-----BEGIN CERTIFICATE-----")
    assert found.private_key.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert found.intermediates == found.certificate
    pem = found.private_key + found.certificate + found.intermediates
    again = house.client.certificate(house.context(), house.create(pem.decode()))
    assert again == found
    for content in (b"\0nothing of the kind", found.private_key):
        with pytest.raises(BadRequest):
            house.client.certificate(house.context(), house.create(content))
