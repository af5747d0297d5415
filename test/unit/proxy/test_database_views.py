"""Merging what replicas of a database say: laws."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.proxy.known.databases import merge_infos
from objectstore.wire.records import DatabaseInfo

items = st.dictionaries(
    st.sampled_from("abc"),
    st.tuples(st.sampled_from(["", "1", "2"]), st.integers(1, 9)),
)


@st.composite
def infos(draw: st.DrawFn) -> DatabaseInfo:
    put, deleted = draw(st.integers(1, 9)), draw(st.integers(0, 9))
    digest = draw(st.sampled_from("xy"))
    timed = {name: item for name, item in draw(items).items() if item[1] > deleted}
    return DatabaseInfo(
        name="box",
        created=put,
        put_timestamp=put,
        deleted_timestamp=deleted,
        status_changed=max(put, deleted),
        metadata={name: value for name, (value, _) in timed.items() if value},
        # Equal digests mean equal rows, and so equal counts.
        object_count={"x": 1, "y": 2}[digest],
        bytes_used=0,
        container_count=0,
        policy=0,
        row_digest=digest,
        database_id=draw(st.sampled_from("pq")),
        timed_metadata=timed,
    )


def facts_of(info: DatabaseInfo | None) -> object:
    assert info is not None
    return (
        info.exists,
        info.put_timestamp,
        info.deleted_timestamp,
        info.metadata,
        info.object_count,
    )


@given(infos(), infos())
def test_order_does_not_matter(one: DatabaseInfo, other: DatabaseInfo) -> None:
    assert facts_of(merge_infos([one, other])) == facts_of(merge_infos([other, one]))


@given(infos())
def test_equal_replicas_change_nothing(info: DatabaseInfo) -> None:
    assert merge_infos([info, info, info]) is info


@given(st.lists(infos(), min_size=2, max_size=3))
def test_newest_wins_item_by_item(replicas: list[DatabaseInfo]) -> None:
    merged = merge_infos(replicas)
    assert merged is not None
    assert merged.put_timestamp == max(each.put_timestamp for each in replicas)
    deleted = max(each.deleted_timestamp for each in replicas)
    assert merged.deleted_timestamp == deleted
    for name in "abc":
        known = [
            (at, value)
            for each in replicas
            for key, (value, at) in each.timed_metadata.items()
            if key == name and at > deleted
        ]
        newest = max(known, default=(0, ""))[1]
        assert merged.metadata.get(name, "") == newest


def test_most_replicas_decide_the_counts() -> None:
    def counted(digest: str, count: int) -> DatabaseInfo:
        return DatabaseInfo("b", 1, 1, 0, 1, {}, count, 0, 0, 0, digest, "")

    merged = merge_infos([counted("x", 9), counted("y", 5), counted("y", 5)])
    assert merged is not None
    assert merged.object_count == 5


def test_none_of_none() -> None:
    assert merge_infos([]) is None
