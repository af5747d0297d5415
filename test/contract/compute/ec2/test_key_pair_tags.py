"""Tags of key pairs on every database."""

from __future__ import annotations

import pytest

from compute.core.sql.database import Database
from compute.ec2 import key_pair_tags
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.key_pair_tags import KeyPairTags

ANN = Signer("t", "ann", "p", frozenset(("member",)))
BOB = Signer("t", "bob", "p", frozenset(("member",)))
READER = Signer("t", "ann", "p", frozenset(("reader",)))
KEY = {"name": "é" * 255, "fingerprint": "1:2"}
OTHER = {"name": "other", "fingerprint": "3:4"}


def test_they_are_one_key_s(migrated: Database) -> None:
    tags = KeyPairTags(migrated)
    tags.change(ANN, [KEY, OTHER], KEY["name"], lambda has: {"a": "b"})
    tags.change(ANN, [KEY, OTHER], OTHER["name"], lambda has: {"c": "d"})
    found = {KEY["name"]: {"a": "b"}, OTHER["name"]: {"c": "d"}}
    assert tags.of(ANN, [KEY, OTHER]) == found
    assert tags.of(BOB, [KEY, OTHER]) == {}
    # Another one of the same name, and one that is gone.
    anew = {**KEY, "fingerprint": "5:6"}
    assert tags.of(ANN, [anew]) == {}
    tags.change(ANN, [anew], anew["name"], lambda has: {**has, "e": "f"})
    # Not in the list of that request, so perhaps made after it: it keeps its own.
    kept = {anew["name"]: {"e": "f"}, OTHER["name"]: {"c": "d"}}
    assert tags.of(ANN, [anew, OTHER]) == kept
    with pytest.raises(Ec2Error) as error:
        tags.change(READER, [anew], anew["name"], lambda has: {})
    assert error.value.code == "UnauthorizedOperation"


def test_those_of_keys_that_are_gone_do_not_pile_up(
    migrated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_pair_tags, "ROWS_MAX", 3)
    tags = KeyPairTags(migrated)
    keys = [{"name": f"k{number}", "fingerprint": "1:2"} for number in range(4)]
    for key in keys:
        tags.change(ANN, [key], key["name"], lambda has: {"a": "b"})
    assert tags.of(ANN, keys) == {"k3": {"a": "b"}}
    tags.change(ANN, [], "k3", lambda has: {})
    assert tags.of(ANN, keys) == {}
