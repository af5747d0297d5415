"""Account, container, object and proxy servers as processes of their own.

A part of the suite runs against them as it stands; then one server of each kind is
killed, each on another machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER
from test.functional.test_accounts import test_counts_follow
from test.functional.test_acls import shared, test_everybody_reads, test_read_grants
from test.functional.test_conditions import etag, test_reads, test_writes
from test.functional.test_containers import (
    test_counts_are_exact_at_once,
    test_life,
    test_metadata_is_set_replaced_and_removed,
    test_what_is_not_empty_is_not_deleted,
)
from test.functional.test_copies import test_both_ways
from test.functional.test_listings import (
    filled,
    test_json_says_everything,
    test_pages_add_up_to_the_whole,
)
from test.functional.test_names import test_objects
from test.functional.test_objects import (
    pattern,
    test_delete,
    test_head_says_what_get_says,
    test_post_replaces_metadata_and_keeps_bytes,
    test_replacing_changes_bytes_metadata_and_listing,
    test_round_trip,
)
from test.functional.test_ranges import kept, test_one_piece, test_several_pieces
from test.functional.test_rclone import rclone, test_a_trees_life, tree
from test.functional.test_uploads import test_chunked

# What is taken from the other files: tests, and the fixtures they need.
__all__ = [
    "etag",
    "filled",
    "kept",
    "rclone",
    "shared",
    "test_a_trees_life",
    "test_both_ways",
    "test_chunked",
    "test_counts_are_exact_at_once",
    "test_counts_follow",
    "test_delete",
    "test_everybody_reads",
    "test_head_says_what_get_says",
    "test_json_says_everything",
    "test_life",
    "test_metadata_is_set_replaced_and_removed",
    "test_objects",
    "test_one_piece",
    "test_pages_add_up_to_the_whole",
    "test_post_replaces_metadata_and_keeps_bytes",
    "test_read_grants",
    "test_reads",
    "test_replacing_changes_bytes_metadata_and_listing",
    "test_round_trip",
    "test_several_pieces",
    "test_what_is_not_empty_is_not_deleted",
    "test_writes",
    "tree",
]


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.apart(tmp_path_factory.mktemp("apart"))
    with store.running():
        yield store


@pytest.fixture
def store(apart: Store) -> Store:
    """Instead of the stores that the rest of the suite runs against."""
    return apart


@pytest.fixture
def reseller(client: Client) -> Iterator[Client]:
    from test.functional.harness.users import RESELLER

    found = Client(client.endpoint, RESELLER)
    yield found
    found.close()


def test_one_server_of_each_kind_is_killed(store: Store, name: str) -> None:
    client = Client(store.endpoint(), TESTER)
    client.ok("PUT", name)
    wanted: dict[str, bytes] = {}

    def fill(prefix: str) -> None:
        for number in range(20):
            each = f"{prefix}{number:02}"
            wanted[each] = pattern(number * 20_000, number)
            client.ok("PUT", name, each, body=wanted[each])

    fill("before")
    victims = [
        number
        for number, plan in enumerate(store.plans)
        if plan.name in ("account1", "container2", "object3")
    ]
    for victim in victims:
        store.kill_node(victim)
    fill("after")
    client.ok("PUT", f"{name}-new")
    for each in list(wanted)[::7]:
        client.ok("DELETE", name, each)
        del wanted[each]
    for _ in ("with them away", "and back"):
        assert client.ok("GET", name).lines == sorted(wanted)
        for each, body in wanted.items():
            assert client.ok("GET", name, each).body == body
        assert {name, f"{name}-new"} <= set(client.ok("GET").lines)
        for victim in victims:
            if not store.is_up(victim):
                store.start_node(victim)
    client.close()
