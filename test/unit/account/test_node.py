"""The local account node: what the nodes' common suite does not say."""

from __future__ import annotations

from pathlib import Path

from objectstore.account.node import LocalAccountNode
from objectstore.account.store import AccountStore
from objectstore.wire.records import ContainerRow, ListingQuery, Receipt
from test.unit.database.devices import device_at

KEY = b"k" * 16


def test_an_account_made_by_its_first_container_survives(tmp_path: Path):
    device = device_at(tmp_path)
    store = AccountStore.open(device)
    node = LocalAccountNode(store)
    row = ContainerRow("c", 5, 0, 2, 20, 6)
    assert node.merge(KEY, "AUTH_a", [row]).wait(20) == Receipt(True, found=False)
    assert node.merge(KEY, "AUTH_a", [row]).wait(20) == Receipt(True, found=True)
    store.close()
    again = AccountStore.open(device)
    node = LocalAccountNode(again)
    assert node.list(KEY, ListingQuery()).wait(20) == [row]
    info = node.info(KEY).wait(20)
    assert info is not None
    assert (info.name, info.container_count, info.object_count) == ("AUTH_a", 1, 2)
    again.close()
    device.close()


def test_rows_older_than_the_accounts_deletion_are_not_kept(tmp_path: Path):
    device = device_at(tmp_path)
    store = AccountStore.open(device)
    node = LocalAccountNode(store)
    node.create(KEY, "AUTH_a", 5, {}).wait(20)
    node.delete(KEY, 9).wait(20)
    row = ContainerRow("c", 8, 0, 0, 0, 8)
    assert not node.merge(KEY, "AUTH_a", [row]).wait(20).found
    info = node.info(KEY).wait(20)
    assert info is not None
    assert not info.exists
    store.close()
    device.close()
