"""What a listing shows of an object, also where a filter says otherwise."""

from __future__ import annotations

from objectstore.wire.listing_forms import shown
from objectstore.wire.records import ObjectName, ObjectState
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE, SHOWN_SIZE, row_of

NAME = ObjectName("a", "c", "o")


def test_a_row_shows_size_and_etag_of_the_data() -> None:
    row = row_of(ObjectState(NAME, 5, 7, "abc"))
    assert (row.size, row.etag) == (7, "abc")


def test_system_metadata_says_what_is_shown_instead() -> None:
    system = {LISTED_ETAG: "def; slo_etag=ghi", LISTED_SIZE: "70"}
    row = row_of(ObjectState(NAME, 5, 7, "abc", system_metadata=system))
    assert (row.size, row.etag) == (70, "def; slo_etag=ghi")


def test_a_size_that_is_no_number_is_not_shown() -> None:
    system = {LISTED_SIZE: "7x"}
    assert row_of(ObjectState(NAME, 5, 7, "abc", system_metadata=system)).size == 7


def test_a_size_beyond_all_numbers_hides_no_others() -> None:
    system = {SHOWN_SIZE: "9" * 30}
    huge = row_of(ObjectState(NAME, 5, 7, "abc", system_metadata=system))
    assert b"9223372036854775807" in shown([huge], "json")
