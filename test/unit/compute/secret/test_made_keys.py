"""Keys that rooms make for their resources."""

from __future__ import annotations

import dataclasses

import pytest

from compute.core.errors import Conflict, Forbidden, NotFound
from compute.secret.client import NewKey, Use
from test.fakes.tokens import fake_token
from test.unit.compute.secret.house import OTHER, OWNER, House

VOLUME = Use("block-storage", "volume", "v1")
COPY = Use("block-storage", "volume", "v2")
ONE, TWO = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
WANTED = NewKey(ONE, OWNER, "u1", "volume v1", VOLUME, 128)
COPIED = NewKey(TWO, OTHER, "u2", "volume v2", COPY, source_id=ONE, source=VOLUME)


def payload(house: House, key_id: str, use: Use) -> bytes:
    return house.client.entrusted_payload(f"/v1/secrets/{key_id}", use)


def test_a_key_is_made_once_and_is_its_projects(house: House) -> None:
    house.client.make_key(WANTED)
    key = payload(house, ONE, VOLUME)
    assert len(key) == 16
    house.client.make_key(WANTED)
    assert payload(house, ONE, VOLUME) == key
    found = house.call("GET", f"/secrets/{ONE}").json
    assert (found["algorithm"], found["bit_length"]) == ("aes", 128)
    assert found["creator_id"] == "u1"
    assert house.call("GET", f"/secrets/{ONE}", project=OTHER).status == 404
    # Not by mistake: it has a consumer.
    assert house.call("DELETE", f"/secrets/{ONE}").status == 409
    with pytest.raises(NotFound):
        payload(house, ONE, COPY)
    with pytest.raises(Conflict):
        house.client.make_key(dataclasses.replace(WANTED, use=COPY))


def test_a_copy_is_another_secret_of_the_same_bits(house: House) -> None:
    house.client.make_key(WANTED)
    house.client.make_key(COPIED)
    assert payload(house, TWO, COPY) == payload(house, ONE, VOLUME)
    house.client.drop_key(ONE, COPY)  # not its own: nothing happens
    house.client.drop_key(ONE, VOLUME)
    house.client.drop_key(ONE, VOLUME)
    assert house.call("GET", f"/secrets/{ONE}").status == 404
    assert payload(house, TWO, COPY)
    with pytest.raises(NotFound):
        house.client.make_key(dataclasses.replace(COPIED, id=ONE))


def test_only_the_house_makes_them_and_quotas_hold(house: House) -> None:
    for roles in ("member", "admin"):
        sent = {"X-Auth-Token": fake_token(OWNER, roles, "u1")}
        got = house.caller.request("PUT", f"/internal/keys/{ONE}", sent, b"{}")
        assert got.status == 403
    boss = {"roles": "admin", "project": OTHER}
    said = {"project_quotas": {"secrets": 0}}
    path = f"/project-quotas/{OWNER}"
    assert house.call("PUT", path, said, **boss).status == 204
    with pytest.raises(Forbidden, match="Quota"):
        house.client.make_key(WANTED)
