"""list: markers, prefix, delimiter, direction, limit, subdirectories."""

from __future__ import annotations

import random
from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.wire.listing_forms import shown
from objectstore.wire.records import ContainerName, ListingQuery
from test.contract.nodes.samples import container_row, kept, key_of, object_row
from test.fakes.nodes import MemoryContainerNode

KEY = key_of("a listing")
NAMES = [
    "a",
    "a/",
    "a/b",
    "a/b/c",
    "a/c",
    "b",
    "dir/one",
    "dir/two/x",
    "dir/two/y",
    "dir0",
    "e--f--g",
    "e--f--h",
    "z\u00e9/1",
    "\u65e5\u672c/\u8a9e",
    "\U0001f600",
]


@pytest.fixture
def listed(container_node: Any) -> Any:
    fill(container_node, NAMES)
    return container_node


def fill(node: Any, names: list[str]) -> None:
    kept(node.create(KEY, ContainerName("a", "c"), 5, {}, 0))
    kept(node.merge(KEY, [object_row(name) for name in names]))
    kept(node.merge(KEY, [object_row(f"{names[0]} gone", 11, deleted=1)]))


def names_of(node: Any, query: ListingQuery) -> list[str]:
    return [entry.name for entry in kept(node.list(KEY, query))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (ListingQuery(), NAMES),
        (ListingQuery(limit=0), []),
        (ListingQuery(limit=2), ["a", "a/"]),
        (ListingQuery(marker="a/b", limit=2), ["a/b/c", "a/c"]),
        (ListingQuery(marker="a/bb", limit=1), ["a/c"]),
        (ListingQuery(end_marker="a/b"), ["a", "a/"]),
        (ListingQuery(marker="zz", end_marker="b"), []),
        (ListingQuery(prefix="dir/"), ["dir/one", "dir/two/x", "dir/two/y"]),
        (ListingQuery(prefix="nothing"), []),
        (ListingQuery(prefix="a/", delimiter="/"), ["a/", "a/b", "a/b/", "a/c"]),
        (
            ListingQuery(delimiter="/"),
            [
                "a",
                "a/",
                "b",
                "dir/",
                "dir0",
                "e--f--g",
                "e--f--h",
                "z\u00e9/",
                "\u65e5\u672c/",
                "\U0001f600",
            ],
        ),
        (ListingQuery(delimiter="/", marker="a/", limit=2), ["b", "dir/"]),
        (ListingQuery(delimiter="/", marker="dir/", limit=1), ["dir0"]),
        (ListingQuery(prefix="e", delimiter="--"), ["e--"]),
        (ListingQuery(prefix="e--", delimiter="--"), ["e--f--"]),
        (ListingQuery(reverse=True), NAMES[::-1]),
        (ListingQuery(reverse=True, marker="a/c", end_marker="a"), NAMES[1:4][::-1]),
        (ListingQuery(reverse=True, delimiter="/", marker="b"), ["a/", "a"]),
        (
            ListingQuery(prefix="dir/", delimiter="/", include_prefix_itself=False),
            ["dir/one"],
        ),
    ],
)
def test_listing(listed: Any, query: ListingQuery, expected: list[str]) -> None:
    assert names_of(listed, query) == expected


def test_subdirectories_are_told_from_objects(listed: Any) -> None:
    entries = kept(listed.list(KEY, ListingQuery(prefix="a/", delimiter="/")))
    kinds = [(type(entry).__name__, entry.name) for entry in entries]
    assert kinds == [
        ("ObjectRow", "a/"),
        ("ObjectRow", "a/b"),
        ("Subdirectory", "a/b/"),
        ("ObjectRow", "a/c"),
    ]


def test_a_listing_shows_the_row(listed: Any) -> None:
    (row,) = kept(listed.list(KEY, ListingQuery(prefix="dir0")))
    assert row == object_row("dir0")


def test_an_account_lists_its_containers(account_node: Any) -> None:
    rows = [
        container_row("one", count=2, used=30),
        container_row("two-x"),
        container_row("two-y"),
        container_row("gone", deleted_timestamp=11),
    ]
    kept(account_node.merge(KEY, "AUTH_a", rows))
    assert kept(account_node.list(KEY, ListingQuery())) == rows[:3]
    rolled = kept(account_node.list(KEY, ListingQuery(delimiter="-")))
    assert [entry.name for entry in rolled] == ["one", "two-"]


@pytest.mark.parametrize("seed", range(4))
def test_any_listing_equals_the_simple_one(container_node: Any, seed: int) -> None:
    chance = random.Random(seed)
    alphabet = ["a", "b", "/", "//", "-", "\u00e9", "\U0010ffff", "\ud7ff", "\ue000"]

    def name(longest: int) -> str:
        return "".join(chance.choices(alphabet, k=chance.randint(0, longest)))

    names = sorted({name(5) or "a" for _ in range(60)})
    simple = MemoryContainerNode()
    fill(simple, names)
    fill(container_node, names)
    for _ in range(60):
        query = ListingQuery(
            limit=chance.choice([1, 2, 5, 100]),
            marker=name(3) if chance.random() < 0.4 else "",
            end_marker=name(3) if chance.random() < 0.3 else "",
            prefix=name(2) if chance.random() < 0.5 else "",
            delimiter=chance.choice(["", "/", "a", "//", "\u00e9"]),
            reverse=chance.random() < 0.5,
        )
        assert kept(container_node.list(KEY, query)) == kept(simple.list(KEY, query)), (
            seed,
            query,
        )
        same_shown(container_node, query)


OF_ACCOUNTS = ("json", "text")
OF_CONTAINERS = ("json", "text", "fields")


def same_shown(
    node: Any, query: ListingQuery, forms: tuple[str, ...] = OF_CONTAINERS
) -> None:
    """All forms say what ``list`` says, to the byte."""
    entries = kept(node.list(KEY, query))
    for form in forms:
        assert kept(node.shown(KEY, query, form)) == shown(entries, form), query


QUERIES = [
    ListingQuery(),
    ListingQuery(reverse=True),
    ListingQuery(limit=0),
    ListingQuery(limit=1000),
    ListingQuery(limit=1001),
    ListingQuery(limit=2500),
    ListingQuery(limit=2500, reverse=True, marker="n02400"),
    ListingQuery(marker="n01234", end_marker="n02876"),
    ListingQuery(prefix="n01", limit=1000),
    ListingQuery(prefix="n0", delimiter="9"),
    ListingQuery(delimiter="9", limit=3, reverse=True),
    ListingQuery(prefix="none"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_long_pages_are_shown_as_they_are_listed(
    container_node: Any, query: ListingQuery
) -> None:
    fill(container_node, [f"n{number:05}" for number in range(3100)])
    same_shown(container_node, query)
    # One row that shows more than its columns, in the first piece or behind it.
    for name in ("n02000", "n00001"):
        row = object_row(name, 20)._replace(etag="abc; slo_etag=def")
        kept(container_node.merge(KEY, [row]))
        same_shown(container_node, query)


def test_any_text_is_shown_as_it_is_listed(container_node: Any) -> None:
    kept(container_node.create(KEY, ContainerName("a", "c"), 5, {}, 0))
    codes = [*range(0x300), *range(0x2000, 0x2100), 0xD7FF, 0xE000, 0xFFFE, 0xFFFF]
    texts = [f"x{chr(code)}y" for code in [*codes, 0x10000, 0x10FFFF]]
    texts += ['{"bytes":1,"hash":"a;', ";swift_bytes=3", "\\", '"', "\\u0000", "a;b"]
    rows = [
        object_row(text, 10 + 37 * number)._replace(
            content_type=text, size=number * 10**12, modified=99_999 * number
        )
        for number, text in enumerate(texts)
    ]
    kept(container_node.merge(KEY, rows))
    for number in range(len(rows)):
        marker = texts[number]
        same_shown(container_node, ListingQuery(marker=marker, limit=3))
    same_shown(container_node, ListingQuery(delimiter="y"))
    same_shown(container_node, ListingQuery())


def test_accounts_are_shown_as_they_are_listed(account_node: Any) -> None:
    rows = [
        container_row(f"b\u00e9\x01{number}", number * 10**9, count=number, used=10**12)
        for number in range(1200)
    ]
    kept(account_node.merge(KEY, "AUTH_a", rows))
    for query in (ListingQuery(), ListingQuery(limit=3), ListingQuery(reverse=True)):
        same_shown(account_node, query, OF_ACCOUNTS)


def test_nothing_is_shown_of_what_is_not_there(container_node: Any) -> None:
    for form in ("json", "text"):
        with pytest.raises(Rejected):
            kept(container_node.shown(KEY, ListingQuery(), form))
