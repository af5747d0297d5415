"""Secrets: two ways in, one out, ends, who may."""

from __future__ import annotations

import base64

import pytest

from compute.secret.payloads import PAYLOAD_BYTES_MAX
from compute.secret.upkeep import Upkeep
from test.unit.compute.secret.house import BYTES, OTHER, TEXT, House, path_of


def test_a_payload_comes_back_as_it_was(house: House) -> None:
    words = path_of(house.create("schöner Schlüssel"))
    raw = path_of(house.create(bytes(range(256)), algorithm="aes", bit_length=256))
    got = house.call("GET", f"{words}/payload", Accept=TEXT)
    assert (got.status, got.body.decode()) == (200, "schöner Schlüssel")
    assert got.headers["cache-control"] == "no-store"
    got = house.call("GET", raw, Accept=BYTES)  # as older clients ask
    assert (got.status, got.body) == (200, bytes(range(256)))
    shown = house.call("GET", raw).json
    assert shown["content_types"] == {"default": BYTES}
    assert (shown["algorithm"], shown["bit_length"]) == ("aes", 256)
    assert (shown["status"], shown["secret_type"]) == ("ACTIVE", "opaque")
    assert shown["creator_id"] == "u1"
    assert shown["name"] is None
    # Each may be had as the other where it can be so read.
    assert house.call("GET", f"{raw}/payload", Accept=TEXT).status == 406
    got = house.call("GET", f"{words}/payload", Accept=BYTES)
    assert (got.status, got.headers["content-type"]) == (200, BYTES)
    plain = path_of(house.create(b"plain"))
    got = house.call("GET", f"{plain}/payload", Accept=TEXT)
    assert (got.status, got.body) == (200, b"plain")
    assert house.call("GET", raw, Accept="image/png").status == 406


def test_first_the_secret_then_its_payload(house: House) -> None:
    path = path_of(house.create(None, name="later"))
    assert "content_types" not in house.call("GET", path).json
    assert house.call("GET", f"{path}/payload").status == 404
    encoded = base64.b64encode(b"\0key")
    headers = {"Content_Type": BYTES, "Content_Encoding": "base64"}
    assert house.call("PUT", path, encoded, **headers).status == 204
    assert house.call("GET", f"{path}/payload").body == b"\0key"
    assert house.call("PUT", path, b"again", Content_Type=TEXT).status == 409


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {"Content_Type": TEXT}, 400),
        (b"x", {"Content_Type": "image/png"}, 415),
        (b"\xff", {"Content_Type": TEXT}, 400),
        (b"%%%", {"Content_Type": BYTES, "Content_Encoding": "base64"}, 400),
        (b"x", {"Content_Type": BYTES, "Content_Encoding": "gzip"}, 400),
        (b"x" * (PAYLOAD_BYTES_MAX + 1), {"Content_Type": BYTES}, 413),
    ],
)
def test_payloads_that_are_none(
    house: House, body: bytes, headers: dict[str, str], status: int
) -> None:
    path = path_of(house.create(None))
    assert house.call("PUT", path, body, **headers).status == status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"payload": "x"}, 400),
        ({"payload": "", "payload_content_type": TEXT}, 400),
        ({"payload_content_type": TEXT}, 400),
        ({"payload": "eA==", "payload_content_type": BYTES}, 400),
        ({"payload": "x", "payload_content_type": "a/b"}, 400),
        ({"secret_type": "gossip"}, 400),
        ({"bit_length": 0}, 400),
        ({"bit_length": "many"}, 400),
        ({"expiration": "2001-01-01T00:00:00"}, 400),
        ({"expiration": "soon"}, 400),
        ({"name": "n" * 256}, 400),
        ({"payload": "x" * (PAYLOAD_BYTES_MAX + 1), "payload_content_type": TEXT}, 413),
        ({"payload": "x", "payload_content_type": "text/plain;charset=UTF-8"}, 201),
        ({"name": None, "secret_type": None, "expiration": ""}, 201),
    ],
)
def test_what_a_new_secret_may_be(
    house: House, fields: dict[str, object], status: int
) -> None:
    assert house.call("POST", "/secrets", fields).status == status


def test_other_bodies_than_json(house: House) -> None:
    got = house.call("POST", "/secrets", b"{}", Content_Type=TEXT)
    assert (got.status, got.json["title"]) == (415, "Unsupported Media Type")


def test_a_secret_ends(house: House) -> None:
    path = path_of(house.create(expiration="2100-01-01T00:00:00.5"))
    assert house.call("GET", path).json["expiration"] == "2100-01-01T00:00:00.500000"
    house.clock.advance(200 * 366 * 86400)
    assert house.call("GET", path).status == 404
    assert house.call("GET", "/secrets").json["total"] == 0
    Upkeep(house.parts).step()
    with house.database.engine.connect() as connection:
        sql = "select count(*) from secret_payloads"
        assert connection.exec_driver_sql(sql).scalar() == 0


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59"),
        ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59"),
        ("9999-12-31T23:59:59-01:00", ""),
    ],
)
def test_the_last_of_moments_can_be_shown(
    house: House, written: str, shown: str
) -> None:
    got = house.call("POST", "/secrets", {"expiration": written})
    assert got.status == (201 if shown else 400)
    found = house.call("GET", "/secrets")
    assert found.status == 200
    assert [it["expiration"][:19] for it in found.json["secrets"]] == [shown] * bool(
        shown
    )


def test_who_may(house: House) -> None:
    path = path_of(house.create())
    for method, tail in (("GET", ""), ("GET", "/payload"), ("DELETE", "")):
        reader = house.call(method, path + tail, roles="reader")
        assert reader.status == 403
        # Another project hears what it would of an id that was never given.
        assert house.call(method, path + tail, project=OTHER).status == 404
    assert house.call("POST", "/secrets", {}, roles="reader").status == 403
    assert house.call("GET", "/secrets", roles="reader").status == 403
    assert house.call("PUT", path, b"x", project=OTHER).status == 404
    # An administrator of another project sees that it is there, and no more.
    assert house.call("GET", path, project=OTHER, roles="admin").status == 200
    payload = house.call("GET", f"{path}/payload", project=OTHER, roles="admin")
    assert payload.status == 403
    assert house.call("DELETE", path, user="colleague").status == 204
    assert house.call("GET", path).status == 404


def test_a_reference_for_an_id(house: House) -> None:
    ref = house.create("hush", name="s")
    for whole in (ref, ref.replace("//", "/"), f"https://elsewhere:1{path_of(ref)}"):
        tail = whole if "/v1/" in whole else whole.replace("/secrets", "/v1/secrets")
        assert house.call("GET", f"/secrets/{tail}").json["name"] == "s"
        assert house.call("GET", f"/secrets/{tail}/payload").body == b"hush"
    assert house.call("GET", f"/containers/{ref}").status == 404
    assert house.call("GET", f"/secrets/{ref}", project=OTHER).status == 404
    assert house.call("DELETE", f"/secrets/{ref}").status == 204
    assert house.call("GET", path_of(ref)).status == 404


def test_versions(house: House) -> None:
    with house.caller.request("GET", "/", {}) as answer:
        (found,) = answer.json()["versions"]
    assert (found["id"], found["status"]) == ("v1", "CURRENT")
    assert (found["min_version"], found["max_version"]) == ("1.0", "1.2")
    assert found["links"][0]["href"] == "http://cloud/key-manager/v1/"
    assert house.call("GET", "/secrets", version="1.9").status == 406
    got = house.call("GET", "/secrets", version="1.1")
    assert got.headers["openstack-api-version"] == "key-manager 1.1"
