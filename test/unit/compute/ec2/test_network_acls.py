"""What subnets are told of network ACLs while others change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.ec2.call import Call
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.kept_things import Kept, KeptThings
from compute.ec2.network_acls import OF_SUBNET, OPEN, enforce, packet_rules
from compute.ec2.vpcs import Layout
from compute.ec2.words import word
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock

PROJECT = "aa" * 16
ANN = Signer("t", "ann", PROJECT, frozenset(("member", "reader")))
DENY = {**OPEN[1], "ruleNumber": 1, "ruleAction": "deny"}
BEGINS = {"entries": OPEN}


@dataclass
class Network:
    """The network room with one subnet: its subnets, and what happens as each of
    what it is told arrives."""

    subnet: dict[str, Any]
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def put(self, *path: str, body: dict[str, Any]) -> None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        assert path == ("network", "subnets", self.subnet["id"])
        self.subnet |= body["subnet"]

    @property
    def rooms(self) -> Network:
        return self

    def look_again(self) -> Network:
        return self

    @property
    def layout(self) -> Layout:
        return Layout(PROJECT, [], [], [self.subnet])


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptThings]:
    database: Database = hasty_database(tmp_path)
    upgrade(database, ["ec2"])
    yield KeptThings(database, SteppedClock(), Identifiers(Random(4)))
    database.close()


def subnet_with(rules: list[Any] | None) -> dict[str, Any]:
    return {"id": "s", "project_id": PROJECT, "tags": [], "packet_rules": rules}


def call_of(kept: KeptThings, network: Any) -> Call:
    unused: Any = None
    return Call(unused, ANN, network, unused, unused, kept, "R", "", "R")


def test_rules_that_came_meanwhile_are_told(kept: KeptThings) -> None:
    network = Network(subnet_with(None))
    subnet = network.subnet
    call = call_of(kept, network)
    default = f"acl-{call.inventory.layout.default.removeprefix('vpc-')}"
    vpc = call.inventory.layout.default

    def deny(number: int) -> None:
        def with_it(row: Kept) -> Kept:
            entry = {**DENY, "ruleNumber": number}
            return replace(row, content={"entries": [*row.content["entries"], entry]})

        kept.change(ANN, default, with_it, begins=BEGINS, vpc=vpc)

    deny(1)
    network.meanwhile = [lambda: deny(2), lambda: deny(3)]
    enforce(call, acl=default)
    rows = kept.all(ANN, "acl")[default].content["entries"]
    assert subnet["packet_rules"] == packet_rules(rows) and len(rows) == 5


def test_a_subnet_that_went_to_another_meanwhile_has_the_rules_of_that(
    kept: KeptThings,
) -> None:
    network = Network(subnet_with(None))
    subnet = network.subnet
    call = call_of(kept, network)
    vpc = call.inventory.layout.default
    one, other = (
        kept.add(ANN, "acl", {"entries": entries}, {}, vpc=vpc, vpcs=[vpc]).id
        for entries in ([DENY], [])
    )
    subnet["tags"] = [word(OF_SUBNET, one)]
    network.meanwhile = [lambda: subnet.update(tags=[word(OF_SUBNET, other)])]
    enforce(call, acl=one)
    assert subnet["packet_rules"] == []
    # It was dropped while somebody gave it to the subnet, which has the default one.
    kept.drop(ANN, [other])
    enforce(call, acl=other)
    assert subnet["packet_rules"] is None


def test_who_never_gets_his_way_is_told_to_come_again(kept: KeptThings) -> None:
    network = Network(subnet_with([]))
    network.put = lambda *path, body: None  # type: ignore[method-assign]
    with pytest.raises(Ec2Error) as error:
        enforce(call_of(kept, network), subnet="s")
    assert error.value.code == "Unavailable"
