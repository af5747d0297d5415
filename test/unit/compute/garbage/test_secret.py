"""The key manager under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from test.fakes.tokens import fake_token
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all
from test.unit.compute.secret.house import OWNER, House, path_of

_SECRET: dict[str, Any] = {
    "name": "n",
    "expiration": "2200-01-01T00:00:00",
    "algorithm": "aes",
    "bit_length": 256,
    "mode": "cbc",
    "payload": "aHVzaA==",
    "payload_content_type": "application/octet-stream",
    "payload_content_encoding": "base64",
    "secret_type": "symmetric",
}
_ACCESS = {"read": {"users": ["u1", "u2"], "project-access": False}}
_PAIR = {"key": "k", "value": "v"}
_QUOTAS = {
    "project_quotas": {"secrets": 5, "orders": None, "containers": -1, "cas": None}
}
_ORDER = {
    "type": "key",
    "meta": {
        "name": "n",
        "algorithm": "aes",
        "bit_length": 256,
        "mode": "cbc",
        "expiration": "2200-01-01T00:00:00",
        "payload_content_type": "application/octet-stream",
    },
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path, quota_secrets=-1, quota_containers=-1, quota_consumers=-1)
    yield found
    found.close()


def test_secrets(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    ref = house.create()
    container = house.contain()
    member = {"name": "n", "secret_ref": ref}
    use = {"service": "s", "resource_type": "t", "resource_id": "i"}
    entrusted = {"reference": ref, **use}
    named = {"name": "n", "URL": "u"}
    kind = {"type": "generic", "name": "n", "secret_refs": [member]}
    bodies: Bodies = {
        ("POST", "/v1/secrets"): [_SECRET],
        ("POST", "/v1/secrets/{secret_id}/metadata"): [_PAIR],
        ("PUT", "/v1/secrets/{secret_id}/metadata"): [{"metadata": {"k": "v"}}],
        ("PUT", "/v1/secrets/{secret_id}/metadata/{key}"): [_PAIR],
        ("POST", "/v1/containers"): [kind],
        ("POST", "/v1/containers/{container_id}/secrets"): [member],
        ("DELETE", "/v1/containers/{container_id}/secrets"): [member],
        ("POST", "/v1/secrets/{subject_id}/consumers"): [use],
        ("DELETE", "/v1/secrets/{subject_id}/consumers"): [use],
        ("POST", "/v1/containers/{subject_id}/consumers"): [named],
        ("DELETE", "/v1/containers/{subject_id}/consumers"): [named],
        ("PUT", "/v1/secrets/{subject_id}/acl"): [_ACCESS],
        ("PATCH", "/v1/secrets/{subject_id}/acl"): [_ACCESS],
        ("PUT", "/v1/containers/{subject_id}/acl"): [_ACCESS],
        ("PATCH", "/v1/containers/{subject_id}/acl"): [_ACCESS],
        ("POST", "/v1/orders"): [_ORDER],
        ("PUT", "/v1/project-quotas/{project_id}"): [_QUOTAS],
        ("POST", "/internal/entrusted"): [entrusted],
        ("POST", "/internal/released"): [entrusted],
    }
    ids = {
        "secret_id": path_of(ref).rpartition("/")[2],
        "subject_id": path_of(ref).rpartition("/")[2],
        "container_id": path_of(container).rpartition("/")[2],
        "order_id": path_of(ref).rpartition("/")[2],
        "project_id": OWNER,
        "key": "k",
    }
    victim = Victim(
        tuple(house.api.routes),
        house.caller,
        fake_token(OWNER, "admin,service"),
        bodies,
        ids,
    )
    assert throw_all(victim, caplog) == []
