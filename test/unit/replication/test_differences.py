"""Which keys differ, and which may be forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from objectstore.kernel import concurrency
from objectstore.replication.differences import (
    Difference,
    differences,
    forgettable,
    walk,
)
from test.fakes.nodes import MemoryObjectNode

KEYS = st.integers(0, 40).map(lambda number: bytes([number]))
STATES = st.dictionaries(KEYS, st.integers(1, 3))


@given(STATES, STATES)
def test_differences_are_exactly_the_keys_that_differ(
    mine: dict[bytes, int], theirs: dict[bytes, int]
) -> None:
    found = list(differences(sorted(mine.items()), sorted(theirs.items())))
    assert found == [
        Difference(key, mine.get(key), theirs.get(key))
        for key in sorted({*mine, *theirs})
        if mine.get(key) != theirs.get(key)
    ]


@given(STATES, st.lists(st.sets(KEYS), max_size=3))
def test_only_what_all_primaries_have_is_forgotten(
    page: dict[bytes, int], confirmations: list[set[bytes]]
) -> None:
    kept = dict(page.items() - dict(forgettable(page.items(), confirmations)).items())
    for key in page.keys() - kept.keys():
        assert confirmations
        assert all(key in confirmed for confirmed in confirmations)
    for key in kept:
        assert not confirmations or any(key not in each for each in confirmations)


def test_a_walk_goes_page_by_page_within_its_bounds() -> None:
    class Pages(MemoryObjectNode):
        def _keys(self, partition: int, part_power: int) -> list[bytes]:
            return [bytes([number]) for number in range(10)]

    node = Pages()
    asked: list[tuple[bytes, int]] = []

    def states(partition: int, power: int, after: bytes, limit: int) -> object:
        asked.append((after, limit))
        keys = [key for key in node._keys(partition, power) if key > after][:limit]
        return concurrency.Promise.of([(key, 1) for key in keys])

    node.states = states  # type: ignore[assignment, method-assign]
    every = [key for key, _ in walk(node, 0, 0, 1.0, page_keys=4)]
    assert every == node._keys(0, 0)
    assert [after for after, _ in asked] == [b"", b"\x03", b"\x07"]
    some = walk(node, 0, 0, 1.0, page_keys=4, after=b"\x02", last=b"\x04")
    assert [key for key, _ in some] == [b"\x03", b"\x04"]
