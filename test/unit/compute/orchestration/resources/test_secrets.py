"""Secrets of stacks, on a real key manager: made once, replaced, never changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.orchestration.errors import Invalid
from test.unit.compute.orchestration.resources.bench import Bench
from test.unit.compute.secret.house import OWNER, House, path_of


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[tuple[House, Bench]]:
    house = House(tmp_path)
    yield house, Bench({"key-manager": house.caller}, house.clock, OWNER, lambda: None)
    house.close()


ORDER = {"type": "asymmetric", "algorithm": "rsa", "bit_length": 2048}
GIVEN: dict[str, dict[str, Any]] = {
    "OS::Barbican::Secret": {"payload": "hush", "payload_content_type": "text/plain"},
    "OS::Barbican::Order": {"type": "key", "algorithm": "aes", "bit_length": 256},
    "OS::Barbican::GenericContainer": {"secrets": [{"name": "a", "ref": "REF"}]},
    "OS::Barbican::CertificateContainer": {
        "certificate_ref": "REF",
        "private_key_ref": "OTHER",
    },
    "OS::Barbican::RSAContainer": {"private_key_ref": "REF", "public_key_ref": "OTHER"},
}


@pytest.mark.parametrize("kind", GIVEN)
def test_a_life_with_a_kill_at_any_request(
    kind: str, bench: tuple[House, Bench]
) -> None:
    house, stack = bench
    given = _with_references(house, GIVEN[kind])
    of = stack.kind(kind)
    collection = of.collection  # type: ignore[attr-defined]
    before = house.call("GET", f"/{collection}").json["total"]
    work = stack.make(kind, die_after=1, **given)
    assert house.call("GET", f"/{collection}").json["total"] == before + 1
    assert work.physical_id.startswith(f"http://cloud/key-manager/v1/{collection}/")
    assert of.attribute(work, "status") == "ACTIVE"
    of.check(work)
    assert of.must_replace(stack.change(kind, work, name="another"))
    stack.delete(kind, work, die_after=1)
    assert house.call("GET", path_of(work.physical_id)).status == 404
    stack.delete(kind, work)


def _with_references(house: House, given: dict[str, Any]) -> dict[str, Any]:
    known = {name: house.create(name) for name in ("REF", "OTHER")}
    found = {
        name: known.get(value, value) if isinstance(value, str) else value
        for name, value in given.items()
    }
    if "secrets" in found:
        found["secrets"] = [{"name": "a", "ref": known["REF"]}]
    return found


def test_what_they_give(bench: tuple[House, Bench]) -> None:
    _, stack = bench
    kind = "OS::Barbican::Secret"
    work = stack.make(kind, **GIVEN[kind], name="mine")
    assert stack.kind(kind).attribute(work, "decrypted_payload") == "hush"
    assert stack.kind(kind).attribute(work, "show")["name"] == "mine"
    raw = {"payload": "/w==", "payload_content_encoding": "base64"}
    raw["payload_content_type"] = "application/octet-stream"
    work = stack.make(kind, **raw)
    assert stack.kind(kind).attribute(work, "decrypted_payload") == "/w=="
    kind = "OS::Barbican::Order"
    work = stack.make(kind, **ORDER, pass_phrase="Sesam")
    private = stack.kind(kind).attribute(work, "private_key")
    assert private.startswith("-----BEGIN ENCRYPTED PRIVATE KEY")
    public = stack.kind(kind).attribute(work, "public_key")
    assert public.startswith("-----BEGIN PUBLIC KEY")


def test_no_certificates_are_made(bench: tuple[House, Bench]) -> None:
    with pytest.raises(Invalid, match="authorities"):
        bench[1].work("OS::Barbican::Order", **ORDER, ca_id="x")


@pytest.mark.parametrize("mine", ["s?x=1", "é\r\nX-Own: 1"])
def test_what_a_template_calls_its_own_is_only_looked_for(
    mine: str, bench: tuple[House, Bench]
) -> None:
    house, stack = bench
    kind = "OS::Barbican::Secret"
    work = stack.work(kind, **GIVEN[kind])
    work.physical_id = f"http://cloud/v1/secrets/{mine}"
    assert stack.kind(kind).attribute(work, "decrypted_payload") is None
    known = house.create("hush").rpartition("/")[2]
    work.physical_id = f"{known}?as=text"
    assert stack.kind(kind).attribute(work, "decrypted_payload") is None
