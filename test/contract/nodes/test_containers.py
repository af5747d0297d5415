"""What only containers do: object rows, counts, policies."""

from __future__ import annotations

from typing import Any

from objectstore.wire.records import ContainerName, ListingQuery, Receipt
from test.contract.nodes.samples import kept, key_of, object_row

KEY = key_of("a container")
NAME = ContainerName("AUTH_a", "c")


def create(node: Any, timestamp: int = 5, policy: int = 0) -> Receipt:
    return kept(node.create(KEY, NAME, timestamp, {}, policy))


def only_row(node: Any) -> Any:
    (row,) = kept(node.rows(KEY, ListingQuery())).rows
    return row


def test_rows_for_a_container_that_is_not_here_are_not_kept(
    container_node: Any,
) -> None:
    assert kept(container_node.merge(KEY, [object_row("o")])).found is False
    create(container_node)
    assert kept(container_node.list(KEY, ListingQuery())) == []


def test_rows_for_a_deleted_container_are_not_kept(container_node: Any) -> None:
    create(container_node)
    kept(container_node.delete(KEY, 8))
    assert kept(container_node.merge(KEY, [object_row("o", 9)])).found is False
    create(container_node, 10)
    assert kept(container_node.list(KEY, ListingQuery())) == []


def test_counts(container_node: Any) -> None:
    create(container_node)
    kept(container_node.merge(KEY, [object_row(n, size=7) for n in "abc"]))
    info = kept(container_node.info(KEY))
    assert (info.object_count, info.bytes_used) == (3, 21)
    kept(container_node.merge(KEY, [object_row("a", 11, size=100)]))
    kept(container_node.merge(KEY, [object_row("b", 11, deleted=1)]))
    kept(container_node.merge(KEY, [object_row("b", 11, deleted=1)]))
    info = kept(container_node.info(KEY))
    assert (info.object_count, info.bytes_used) == (2, 107)


def test_the_newest_row_wins(container_node: Any) -> None:
    create(container_node)
    newer = object_row("o", 12, size=5)
    for row in (object_row("o", 10), newer, object_row("o", 11, size=9)):
        kept(container_node.merge(KEY, [row]))
    assert only_row(container_node) == newer
    kept(container_node.merge(KEY, [object_row("o", 11, deleted=1)]))
    assert only_row(container_node) == newer
    kept(container_node.merge(KEY, [object_row("o", 12, deleted=1)]))
    assert only_row(container_node).deleted == 1, "a tombstone wins a tie"


def test_rows_merge_part_by_part(container_node: Any) -> None:
    create(container_node)
    put = object_row("o", 10, size=5)
    posted = put._replace(content_type="a/b", content_type_timestamp=15, modified=15)
    replaced = object_row("o", 12, size=6)
    for row in (put, posted, replaced):
        kept(container_node.merge(KEY, [row]))
    row = only_row(container_node)
    assert (row.timestamp, row.size) == (12, 6)
    assert (row.content_type, row.content_type_timestamp) == ("a/b", 15)
    assert row.modified == 15


def test_the_policy_stays_for_a_life(container_node: Any) -> None:
    create(container_node, 5, policy=2)
    create(container_node, 6, policy=3)
    assert kept(container_node.info(KEY)).policy == 2
    kept(container_node.delete(KEY, 8))
    create(container_node, 9, policy=3)
    assert kept(container_node.info(KEY)).policy == 3


def test_one_row_twice_in_one_merge(container_node: Any) -> None:
    create(container_node)
    rows = [
        object_row("o", 12, size=2),
        object_row("o", 11),
        object_row("o", 12, size=2),
    ]
    kept(container_node.merge(KEY, rows))
    assert only_row(container_node) == rows[0]
    assert kept(container_node.info(KEY)).object_count == 1
