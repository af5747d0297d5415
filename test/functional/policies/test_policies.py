"""Two object rings with replica counts of their own, end to end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ring.cli import main as ring_builder
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER

POLICY = """
[storage-policy:1]
name = pair
aliases = two
"""


@pytest.fixture(scope="module")
def two_rings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.alone(tmp_path_factory.mktemp("policies"))
    (plan,) = store.plans
    directory: Path = store.place.settings_directory
    builder = str(directory / "object-1.builder")
    steps = [["create", "4", "2", "0"]]
    for zone, device in enumerate(plan.devices, 1):
        steps.append(["add", f"r1z{zone}-127.0.0.1:{plan.node_port}/{device}", "1"])
    steps.append(["rebalance", "--seed", "1"])
    for step in steps:
        try:
            ring_builder([builder, *step])
        except SystemExit as ended:
            assert ended.code in (0, None), step
    with (directory / "cluster.conf").open("a") as settings:
        settings.write(POLICY)
    with store.running():
        yield store


def holders(store: Store, needle: bytes) -> int:
    """How many devices hold these bytes."""
    return sum(
        any(
            needle in path.read_bytes()
            for path in device.rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        for device in store.device_directories()
    )


def test_containers_choose_their_policy(two_rings: Store) -> None:
    client = Client(two_rings.endpoint(), TESTER)
    told = client.raw("GET", "/info").json["swift"]["policies"]
    assert [policy["name"] for policy in told] == ["Policy-0", "pair"]
    client.ok("PUT", "three")
    client.ok("PUT", "pair", X_Storage_Policy="two")
    assert client.ok("HEAD", "three").headers["x-storage-policy"] == "Policy-0"
    assert client.ok("HEAD", "pair").headers["x-storage-policy"] == "pair"
    assert client.call("PUT", "other", X_Storage_Policy="none").status == 400
    assert client.call("PUT", "pair", X_Storage_Policy="Policy-0").status == 409


@pytest.mark.parametrize("size", [100, 2_000_000])
def test_each_has_its_replicas(two_rings: Store, size: int) -> None:
    client = Client(two_rings.endpoint(), TESTER)
    for container, policy, count in (("three", "Policy-0", 3), ("pair", "pair", 2)):
        client.ok("PUT", container, X_Storage_Policy=policy)
        needle = f"<{container} {size}>".encode() * 3
        body = needle + b"." * (size - len(needle))
        client.ok("PUT", container, f"o{size}", body=body)
        assert client.ok("GET", container, f"o{size}").body == body
        listed = client.ok("GET", container, query="format=json").json
        entry = next(entry for entry in listed if entry["name"] == f"o{size}")
        assert entry["bytes"] == size
        assert holders(two_rings, needle) == count


def test_copies_versions_and_large_objects_across_policies(two_rings: Store) -> None:
    client = Client(two_rings.endpoint(), TESTER)
    client.ok("PUT", "gold")
    client.ok("PUT", "v", X_Storage_Policy="pair", X_Versions_Enabled="true")
    client.ok("PUT", "gold", "o", body=b"first")
    client.ok("COPY", "gold", "o", Destination="v/o")
    client.ok("PUT", "v", "o", body=b"second")
    listed = client.ok("GET", "v", query="versions").json
    bodies = [
        client.ok("GET", "v", "o", query=f"version-id={entry['version_id']}").body
        for entry in listed
    ]
    assert bodies == [b"second", b"first"]
    manifest = b'[{"path": "/gold/o"}, {"path": "/v/o"}]'
    client.ok("PUT", "v", "large", query="multipart-manifest=put", body=manifest)
    assert client.ok("GET", "v", "large").body == b"firstsecond"
    client.ok("DELETE", "v", "o")
    assert client.call("GET", "v", "o").status == 404
