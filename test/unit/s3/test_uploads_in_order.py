"""Uploads page by page: the whole in S3's order, whatever the keys and the markers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from objectstore.s3.multipart.uploads_in_order import STRETCH, Shown, UploadsInOrder

_LIST_CALLS_A_PAGE_MAX = 8


class Container:
    """Lists names as a container does, and counts how often it is asked."""

    def __init__(self, uploads: list[tuple[str, str]]) -> None:
        self.names = sorted(f"uploads/{key}/{upload}" for key, upload in uploads)
        self.calls = 0

    def list(
        self, prefix: str, marker: str, end_marker: str, delimiter: str, limit: int
    ) -> list[dict[str, Any]]:
        self.calls += 1
        found: list[dict[str, Any]] = []
        rolled = ""
        for name in self.names:
            if not name.startswith(prefix) or name <= marker:
                continue
            if len(found) == limit or (end_marker and name >= end_marker):
                break
            cut = name.find(delimiter, len(prefix)) if delimiter else -1
            if cut < 0:
                found.append({"name": name, "last_modified": "then"})
            elif name[: cut + 1] != rolled:
                rolled = name[: cut + 1]
                found.append({"subdir": rolled})
        return found


def expected(
    uploads: list[tuple[str, str]], prefix: str, delimiter: str, after: tuple[str, str]
) -> list[tuple[str, str]]:
    """The same by sorting everything."""
    shown: list[tuple[str, str]] = []
    for key, upload in sorted(uploads):
        if not key.startswith(prefix):
            continue
        if after[0] and (key, upload) <= (after[0], after[1] or "~"):
            continue
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        entry = (key[: cut + len(delimiter)], "") if cut >= 0 else (key, upload)
        if entry not in shown[-1:] and (entry[1] or entry[0] > after[0]):
            shown.append(entry)
    return shown


def paged(
    container: Container, prefix: str, delimiter: str, size: int, stretch: int
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    after = ("", "")
    while True:
        page: list[Shown] = UploadsInOrder(
            container.list, prefix, delimiter, after, stretch
        ).first(size)
        assert len(page) <= size
        found += [upload[:2] for upload in page]
        if len(page) < size:
            return found
        after = found[-1]


def identity(number: int) -> str:
    return f"{number * 7919 % 10**6:040x}"


@pytest.mark.parametrize("seed", range(12))
def test_pages_are_the_whole_in_order(seed: int) -> None:
    chance = random.Random(seed)
    stretch = chance.randint(2, 9)
    alphabet = ["a", "b", "-", ".", "/", "0", "~"]
    keys = [
        "".join(chance.choices(alphabet, k=chance.randint(1, 4))) for _ in range(30)
    ]
    uploads = list(
        {(chance.choice(keys), chance.choice("0af") * 40) for _ in range(50)}
        | {("a", identity(number)) for number in range(12)}
    )
    container = Container(uploads)
    for prefix in ("", "a", "a/", "-", "b."):
        for delimiter in ("", "/", "-", "/0", "a"):
            whole = expected(uploads, prefix, delimiter, ("", ""))
            for size in (1, 2, 5, 100):
                assert paged(container, prefix, delimiter, size, stretch) == whole
            for after in [*chance.sample(sorted(uploads), 5), ("a", ""), ("a-", "")]:
                walk = UploadsInOrder(container.list, prefix, delimiter, after, stretch)
                found = [upload[:2] for upload in walk.first(200)]
                assert found == expected(uploads, prefix, delimiter, after)


def test_a_page_of_thousands_reads_little() -> None:
    uploads = [
        (key, identity(number))
        for key in ("film", "film.part", "film-2", "film/1/x", "other")
        for number in range(900)
    ]
    container = Container(uploads)
    found: list[tuple[str, str]] = []
    after = ("", "")
    pages = 0
    while True:
        container.calls = 0
        page = UploadsInOrder(container.list, "", "", after).first(1000)
        assert container.calls <= _LIST_CALLS_A_PAGE_MAX
        found += [upload[:2] for upload in page]
        pages += 1
        if len(page) < 1000:
            break
        after = found[-1]
    assert found == sorted(uploads)
    assert pages == 5
    assert len(uploads) > 4 * STRETCH


def test_a_common_prefix_is_not_read_through() -> None:
    uploads = [
        (f"{folder}/{number:04}", identity(number))
        for folder in "ab"
        for number in range(4000)
    ]
    container = Container([*uploads, ("a", identity(1)), ("c", identity(2))])
    page = UploadsInOrder(container.list, "", "/", ("", "")).first(1001)
    assert [upload[:2] for upload in page] == [
        ("a", identity(1)),
        ("a/", ""),
        ("b/", ""),
        ("c", identity(2)),
    ]
    assert container.calls <= _LIST_CALLS_A_PAGE_MAX + 4000 // STRETCH
