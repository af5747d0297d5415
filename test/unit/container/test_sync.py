"""Which objects a container sync sends."""

from __future__ import annotations

from objectstore.container.sync import differences, newest, time_of_listing
from objectstore.kernel.timestamps import to_iso
from objectstore.wire.records import ObjectRow

AT = 170_000_000_000_000


def row(name: str, at: int, deleted: int = 0, modified: int = 0) -> ObjectRow:
    return ObjectRow(name, at, deleted, 1, "a/b", at, "etag", modified or at)


def test_what_is_newer_here_is_sent() -> None:
    rows = [
        row("missing", 5),
        row("newer", 5),
        row("posted", 3, modified=6),
        row("same", 5),
        row("older", 5),
        row("gone", 5, deleted=1),
        row("gone and made again there", 5, deleted=1),
        row("gone everywhere", 5, deleted=1),
    ]
    there = {
        "newer": 4,
        "posted": 3,
        "same": 5,
        "older": 6,
        "gone": 4,
        "gone and made again there": 6,
        "only there": 1,
    }
    sent = [each.name for each in differences(rows, there)]
    assert sent == ["missing", "newer", "posted", "gone"]


def test_nothing_is_sent_twice() -> None:
    rows = [row("a", AT + 1), row("b", AT + 99_999), row("c", AT, modified=AT + 7)]
    there = {each.name: time_of_listing(to_iso(newest(each))) for each in rows}
    assert list(differences(rows, there)) == []
