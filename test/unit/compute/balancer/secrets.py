"""Secrets that a project keeps for its load balancers."""

from __future__ import annotations

import base64
from typing import Any

from test.fakes.certificates import Issued
from test.unit.compute.network.house import OWNER
from test.unit.compute.secret.house import House as SecretHouse


def keep(house: SecretHouse, content: bytes, project: str = OWNER) -> str:
    """A secret; its reference."""
    body = {
        "payload": base64.b64encode(content).decode(),
        "payload_content_type": "application/octet-stream",
        "payload_content_encoding": "base64",
    }
    got = house.call("POST", "/secrets", body, project=project)
    assert got.status == 201, got.body
    return str(got.json["secret_ref"])


def contain(house: SecretHouse, issued: Issued) -> str:
    """A container of a certificate; its reference."""
    refs = [
        {"name": "certificate", "secret_ref": keep(house, issued.pem)},
        {"name": "private_key", "secret_ref": keep(house, issued.key_pem)},
    ]
    body: dict[str, Any] = {"type": "certificate", "secret_refs": refs}
    got = house.call("POST", "/containers", body, project=OWNER)
    assert got.status == 201, got.body
    return str(got.json["container_ref"])


def consumers(house: SecretHouse, reference: str) -> list[Any]:
    """Who uses it."""
    path = reference.partition("/v1")[2] + "/consumers"
    got = house.call("GET", path, project=OWNER)
    assert got.status == 200, got.body
    return list(got.json["consumers"])
