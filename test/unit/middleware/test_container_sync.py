"""Signed requests of another cluster, over the real proxy."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from objectstore.kernel.settings import BadSettings
from objectstore.kernel.sync_realms import read_realms, signature
from objectstore.middleware import container_sync, gatekeeper
from test.fakes.swift_app import Got
from test.fakes.swift_store import SwiftStore

C = "/v1/AUTH_a/c"
REALMS = """
[Main]
key = new
key2 = old
cluster_west = http://west:8080/v1/
"""


class Peered(SwiftStore):
    def signed(
        self, method: str, path: str, body: bytes = b"", key: str = "new", **more: str
    ) -> Got:
        values = {"timestamp": "1700000000.00000", "owner": "k", **more}
        made = signature(
            key, method, quote(path), values["timestamp"], "nonce", values["owner"]
        )
        sent = {
            "X_Container_Sync_Auth": f"main nonce {made}",
            "X_Timestamp": values.get("sent", values["timestamp"]),
        }
        return self.ask(method, path, body, **sent)


@pytest.fixture
def store(tmp_path: Path) -> Peered:
    path = tmp_path / "realms"
    path.write_text(REALMS)
    made = Peered(
        gatekeeper.filter_factory({}),
        container_sync.filter_factory({}, conf_path=str(path)),
    )
    to = {"X_Container_Sync_To": "//main/west/AUTH_b/d", "X_Container_Sync_Key": "k"}
    made.ok("PUT", C, **to)
    made.ok("PUT", "/v1/AUTH_a/other")
    made.forbidden.add("/v1")
    return made


def test_objects_come_with_their_own_time(store: Peered) -> None:
    for key in ("new", "old"):
        assert store.signed("PUT", f"{C}/o é", b"1", key).status == 201
    store.forbidden.clear()
    got = store.ok("HEAD", f"{C}/o é")
    assert got.headers["X-Timestamp"] == "1700000000.00000"
    later = {"timestamp": "1700000001.00000"}
    assert store.signed("DELETE", f"{C}/o é", **later).status == 204
    assert store.ask("HEAD", f"{C}/o é").status == 404
    assert store.signed("PUT", f"{C}/o é", b"1").status == 202
    assert store.ask("HEAD", f"{C}/o é").status == 404


def test_listings(store: Peered) -> None:
    assert store.signed("GET", C, timestamp="0").status == 204


def test_refusals(store: Peered) -> None:
    path = f"{C}/o"
    assert store.signed("PUT", path, b"1", key="wrong").status == 401
    assert store.signed("PUT", path, b"1", owner="wrong").status == 401
    assert store.signed("PUT", path, b"1", sent="1700000009.00000").status == 401
    assert store.signed("GET", path).status == 401
    assert store.signed("POST", C).status == 401
    assert store.signed("PUT", "/v1/AUTH_a/other/o", b"1").status == 401
    assert store.ask("PUT", path, b"1").status == 403


def test_where_containers_may_go(store: Peered) -> None:
    store.forbidden.clear()
    for to in ("//main/west/a", "//none/west/a/c", "//main/east/a/c", "http://west/c"):
        assert store.ask("POST", C, X_Container_Sync_To=to).status == 400
    assert store.ask("POST", C, X_Container_Sync_To="").status == 204


def test_realms_without_keys(tmp_path: Path) -> None:
    path = tmp_path / "realms"
    path.write_text("[a]\ncluster_b = http://x/v1/\n")
    with pytest.raises(BadSettings, match="key"):
        read_realms(path)
    assert read_realms(tmp_path / "none") == {}
