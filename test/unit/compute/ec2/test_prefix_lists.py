"""Prefix lists that several change, and changes that end halfway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from compute.core.identifiers import Identifiers, ec2_id
from compute.core.sql.migrations import upgrade
from compute.ec2.actions import prefix_lists as actions
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.parameters import Parameters
from compute.ec2.frame.signed import Signer
from compute.ec2.kept_things import KeptThings
from compute.ec2.permissions import asked_permissions
from compute.ec2.prefix_lists import (
    ENTRIES_MAX,
    PAST_ENTRIES_MAX,
    VERSIONS_MAX,
    latest,
    list_named,
    source_named,
)
from objectstore.kernel.errors import Rejected
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock

PROJECT = "aa" * 16
UUID = "01234567-89ab-4def-8123-456789abcdef"
NAME = ec2_id("pl", UUID)
ANN = Signer("t", "ann", PROJECT, frozenset(("member", "reader")))


@dataclass
class Network:
    """The network room with one group of addresses, and what happens before each of
    what it is told arrives."""

    group: dict[str, Any] = field(
        default_factory=lambda: {
            "id": UUID,
            "project_id": PROJECT,
            "name": "offices",
            "addresses": [],
        }
    )
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def put(self, *path: str, body: dict[str, Any]) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if path[-1] == UUID:
            self.group |= body["address_group"]
            return
        has, given = self.group["addresses"], body["addresses"]
        kept = [each for each in has if each not in given]
        now = [*kept, *given] if path[-1] == "add_addresses" else kept
        if len(now) > ENTRIES_MAX:
            raise Rejected(400, "too many")
        self.group["addresses"] = now

    @property
    def rooms(self) -> Network:
        return self

    def look_again(self) -> Network:
        return self

    @property
    def address_groups(self) -> list[dict[str, Any]]:
        return [dict(self.group)]

    def id_of(self, kind: str, uuid: str) -> str:
        return ec2_id(kind, uuid)


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Callable[..., Call]]:
    database = hasty_database(tmp_path)
    upgrade(database, ["ec2"])
    kept = KeptThings(database, SteppedClock(), Identifiers(Random(4)))
    network: Any = Network()
    unused: Any = None

    def make(**given: str) -> Call:
        form = {key.replace("_", "."): value for key, value in given.items()}
        parameters = Parameters.of({"PrefixListId": NAME, **form})
        return Call(parameters, ANN, network, unused, unused, kept, "R", "", "R")

    yield make
    database.close()


def adding(cidr: str, version: int) -> dict[str, str]:
    return {"AddEntry_1_Cidr": cidr, "CurrentVersion": str(version)}


def refused(code: str, handler: Callable[[Call], Any], call: Call) -> None:
    with pytest.raises(Ec2Error) as error:
        handler(call)
    assert error.value.code == code


def test_of_two_that_saw_the_same_version_one_is_the_next(
    call: Callable[..., Call],
) -> None:
    network: Any = call().inventory
    network.meanwhile = [
        lambda: refused(
            "PrefixListVersionMismatch",
            actions.modify,
            call(**adding("192.0.2.0/24", 1)),
        )
    ]
    actions.modify(call(**adding("198.51.100.0/24", 1)))
    found = list_named(call(), NAME)
    assert (found.version, found.group["addresses"]) == (2, ["198.51.100.0/24"])


def test_a_change_that_the_room_refuses_is_no_version(
    call: Callable[..., Call],
) -> None:
    def refuse() -> None:
        raise Rejected(403, "not you")

    network: Any = call().inventory
    network.meanwhile = [refuse]
    with pytest.raises(Rejected):
        actions.modify(call(**adding("192.0.2.0/24", 1)))
    assert list_named(call(), NAME).version == 1
    actions.modify(call(**adding("192.0.2.0/24", 1)))
    assert list_named(call(), NAME).version == 2


def test_an_order_that_is_refused_changes_no_name(call: Callable[..., Call]) -> None:
    renamed = {"PrefixListName": "houses"}
    stale = call(**renamed, **adding("192.0.2.0/24", 7))
    refused("PrefixListVersionMismatch", actions.modify, stale)
    both = call(**renamed, **adding("192.0.2.0/24", 1), MaxEntries="3")
    refused("InvalidParameterCombination", actions.modify, both)
    assert list_named(call(), NAME).group["name"] == "offices"


def test_a_full_list_has_its_entries_changed(call: Callable[..., Call]) -> None:
    network: Any = call().inventory
    full = [f"10.{each // 250}.{each % 250}.0/24" for each in range(ENTRIES_MAX)]
    network.group["addresses"] = full
    change = adding("192.0.2.0/24", 1)
    actions.modify(call(**change, RemoveEntry_1_Cidr=full[0]))
    now = network.group["addresses"]
    assert len(now) == ENTRIES_MAX and now[-1] == "192.0.2.0/24"


def test_of_long_lists_fewer_versions_are_kept() -> None:
    short = {number: {"10.0.0.0/8": ""} for number in range(1, 40)}
    assert latest(short) == list(range(40 - VERSIONS_MAX, 40))
    entries = {str(number): "" for number in range(PAST_ENTRIES_MAX)}
    assert latest(dict.fromkeys(range(1, 40), entries)) == [38, 39]


def test_rules_are_of_their_lists_family(call: Callable[..., Call]) -> None:
    parameters = Parameters.of(
        {
            "IpPermissions.1.IpProtocol": "-1",
            "IpPermissions.1.PrefixListIds.1.PrefixListId": NAME,
        }
    )
    begun = call()
    content = list_named(begun, NAME).content(family="IPv6")
    begun.kept.change(ANN, NAME, lambda row: row, begins=content)
    # It has no entry yet.
    (found,) = asked_permissions(
        parameters, begun.inventory, partial(source_named, begun)
    )
    assert (found.ethertype, found.addresses) == ("IPv6", UUID)
