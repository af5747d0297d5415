"""What EC2's API keeps by itself, on every database."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from compute.core.identifiers import Identifiers
from compute.core.sql.database import Database
from compute.core.sql.migrations import upgrade
from compute.ec2 import kept_things
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.kept_things import Kept, KeptThings, retagged
from test.fakes.stepped_clock import SteppedClock

ANN = Signer("t", "ann", "p", frozenset(("member", "reader")))
BOB = Signer("t", "bob", "q", frozenset(("member", "reader")))
READER = Signer("t", "ann", "p", frozenset(("reader",)))


@pytest.fixture
def kept(database: Database) -> KeptThings:
    upgrade(database, ["ec2"])
    return KeptThings(database, SteppedClock(), Identifiers(Random(3)))


def with_rule(kept: Kept) -> Kept:
    return replace(kept, content={"entries": [*kept.content["entries"], 1]})


def test_they_are_one_projects(kept: KeptThings) -> None:
    made = kept.add(ANN, "acl", {"entries": []}, {"a": "b"}, vpc="v", token="once")
    assert kept.add(ANN, "acl", {"entries": []}, {}, vpc="v", token="once") == made
    assert kept.all(ANN, "acl") == {made.id: made}
    assert kept.all(ANN, "dopt") == kept.all(BOB, "acl") == {}
    assert kept.change(BOB, made.id, with_rule) is None
    changed = kept.change(ANN, made.id, with_rule)
    assert changed is not None and changed.content == {"entries": [1]}
    kept.change(ANN, made.id, retagged(lambda has: {**has, "é": "ü"}))
    assert kept.all(ANN, "acl")[made.id].tags == {"a": "b", "é": "ü"}
    kept.drop(BOB, [made.id])
    assert kept.all(READER, "acl")
    with pytest.raises(Ec2Error) as error:
        kept.drop(READER, [made.id])
    assert error.value.code == "UnauthorizedOperation"
    kept.drop(ANN, [made.id, "acl-of-nobody"])
    assert kept.all(ANN, "acl") == {}


def test_one_without_a_row_begins_when_it_is_changed(kept: KeptThings) -> None:
    begins = {"entries": [0]}
    made = kept.change(ANN, "acl-1", with_rule, begins=begins, vpc="v")
    assert made is not None and (made.kind, made.vpc) == ("acl", "v")
    again = kept.change(ANN, "acl-1", with_rule, begins=begins, vpc="v")
    assert again is not None and again.content == {"entries": [0, 1, 1]}


def test_those_of_what_is_gone_make_room(
    kept: KeptThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_things, "THINGS_MAX", 2)
    old = kept.add(ANN, "acl", {}, {}, vpc="old", vpcs=("old",))
    kept.add(ANN, "acl", {}, {}, vpc="old", vpcs=("old",))
    with pytest.raises(Ec2Error) as error:
        kept.add(ANN, "acl", {}, {}, vpc="old", vpcs=("old",))
    assert error.value.code == "ResourceLimitExceeded"
    made = kept.add(ANN, "acl", {}, {}, vpc="new", vpcs=("new",))
    assert list(kept.all(ANN, "acl")) == [made.id] != [old.id]


def test_those_that_begin_with_a_change_are_not_without_end(
    kept: KeptThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_things, "THINGS_MAX", 2)

    def tag(name: str, *things: str) -> None:
        kept.change(ANN, name, retagged(lambda _: {"a": "b"}), begins={}, things=things)

    tag("pg-1", "pg-1", "pg-2", "pg-3")
    tag("pg-2", "pg-1", "pg-2", "pg-3")
    tag("pg-2", "pg-1", "pg-2", "pg-3")
    with pytest.raises(Ec2Error) as error:
        tag("pg-3", "pg-1", "pg-2", "pg-3")
    assert error.value.code == "ResourceLimitExceeded"
    tag("pg-3", "pg-2", "pg-3")
    assert set(kept.all(ANN, "pg")) == {"pg-2", "pg-3"}
