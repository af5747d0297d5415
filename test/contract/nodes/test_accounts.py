"""What only accounts do: container rows, sums, creation by need."""

from __future__ import annotations

from typing import Any

from objectstore.wire.records import ListingQuery, Receipt
from test.contract.nodes.samples import container_row, kept, key_of

KEY = key_of("an account")


def merge(node: Any, *rows: Any) -> Receipt:
    return kept(node.merge(KEY, "AUTH_ä", rows))


def only_row(node: Any) -> Any:
    (row,) = kept(node.rows(KEY, ListingQuery())).rows
    return row


def test_rows_create_the_account(account_node: Any) -> None:
    assert merge(account_node, container_row("c")).stored
    info = kept(account_node.info(KEY))
    assert info.exists
    assert info.name == "AUTH_ä"
    assert info.container_count == 1


def test_sums(account_node: Any) -> None:
    merge(
        account_node,
        container_row("a", count=2, used=30),
        container_row("b", count=3, used=50),
        container_row("gone", deleted_timestamp=11, count=9, used=9),
    )
    info = kept(account_node.info(KEY))
    assert (info.container_count, info.object_count, info.bytes_used) == (2, 5, 80)


def test_the_newest_counts_win(account_node: Any) -> None:
    merge(account_node, container_row("c", count=2, used=30, counted=12))
    merge(account_node, container_row("c", count=1, used=10, counted=11))
    info = kept(account_node.info(KEY))
    assert (info.object_count, info.bytes_used) == (2, 30)
    merge(account_node, container_row("c", count=7, used=70, counted=13))
    info = kept(account_node.info(KEY))
    assert (info.object_count, info.bytes_used) == (7, 70)


def test_rows_merge_part_by_part(account_node: Any) -> None:
    merge(account_node, container_row("c", 10, count=2, counted=20))
    merge(account_node, container_row("c", 12, counted=15))
    row = only_row(account_node)
    assert (row.timestamp, row.object_count, row.counted_timestamp) == (12, 2, 20)


def test_a_deleted_container_comes_back(account_node: Any) -> None:
    merge(account_node, container_row("c", 10))
    merge(account_node, container_row("c", 10, deleted_timestamp=11))
    assert kept(account_node.list(KEY, ListingQuery())) == []
    merge(account_node, container_row("c", 10))
    assert kept(account_node.list(KEY, ListingQuery())) == []
    merge(account_node, container_row("c", 12))
    (row,) = kept(account_node.list(KEY, ListingQuery()))
    assert (row.timestamp, row.deleted_timestamp) == (12, 11)
