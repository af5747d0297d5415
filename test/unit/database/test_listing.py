"""Listings equal those of a model that walks every name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from objectstore.database import listing
from objectstore.database.listing import list_page, merge_listing
from objectstore.database.merge import Row, is_live, merge_rows
from objectstore.database.names import NameRange
from objectstore.wire.records import ListingQuery, ObjectRow, RowsPage, Subdirectory
from test.unit.database.listing_model import model_listing, model_rows
from test.unit.database.rows import container_rows, object_rows, queries


def unique(rows: Sequence[Row]) -> list[Row]:
    merged: dict[str, Row] = {}
    for row in rows:
        held = merged.get(row.name)
        merged[row.name] = row if held is None else merge_rows(held, row)
    return list(merged.values())


def fetcher_of(rows: Sequence[Row], page_rows: int = 2):
    """A replica that gives small pages."""
    rows = unique(rows)

    def fetch(query: ListingQuery) -> RowsPage:
        limit = min(query.limit, page_rows)
        inside = model_rows(rows, query)
        return RowsPage(tuple(inside[:limit]), len(inside) <= limit)

    return fetch


row_lists = st.lists(object_rows, max_size=25)


@given(row_lists, queries)
def test_list_page_equals_the_model(rows: list[ObjectRow], query: ListingQuery):
    rows = unique(rows)

    def scan(names: NameRange, limit: int) -> Iterator[Row]:
        inside = [row for row in rows if row.name in names and is_live(row)]
        inside.sort(key=lambda row: row.name, reverse=query.reverse)
        yield from inside[:limit]

    assert list_page(query, scan) == model_listing(rows, query)


@given(st.lists(row_lists, min_size=1, max_size=3), queries)
def test_merged_listing_equals_that_of_all_rows_together(replicas, query):
    together = unique([row for rows in replicas for row in rows])
    merged = merge_listing(query, [fetcher_of(rows) for rows in replicas])
    assert merged == model_listing(together, query)


@given(st.lists(st.lists(container_rows, max_size=8), min_size=2, max_size=2), queries)
def test_merged_account_listing(replicas, query):
    together = unique([row for rows in replicas for row in rows])
    merged = merge_listing(query, [fetcher_of(rows) for rows in replicas])
    assert merged == model_listing(together, query)


def live(name: str) -> ObjectRow:
    return ObjectRow(name, 1, 0, 0, "", 1, "", 1)


def test_merging_skips_rolled_up_names_instead_of_fetching_them():
    rows = [live(f"{directory}/{n:05}") for directory in "abc" for n in range(5000)]
    fetched = 0

    def fetch(query: ListingQuery) -> RowsPage:
        nonlocal fetched
        inside = model_rows(rows, query)
        fetched += min(len(inside), query.limit)
        return RowsPage(tuple(inside[: query.limit]), len(inside) <= query.limit)

    for reverse in (False, True):
        fetched = 0
        query = ListingQuery(limit=9, delimiter="/", reverse=reverse)
        wanted = [Subdirectory("a/"), Subdirectory("b/"), Subdirectory("c/")]
        assert merge_listing(query, [fetch]) == (wanted[::-1] if reverse else wanted)
        assert fetched <= 4 * listing.FETCH_ROWS


def test_a_path_query_lists_what_lies_directly_below():
    rows = [live(name) for name in ("a/", "a/b", "a/c/", "a/c/d", "a/e/f", "b")]
    query = ListingQuery(prefix="a/", delimiter="/", include_prefix_itself=False)
    assert [row.name for row in merge_listing(query, [fetcher_of(rows)])] == [
        "a/b",
        "a/c/",
    ]
