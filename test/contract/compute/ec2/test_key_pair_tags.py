"""Tags of key pairs on every database."""

from __future__ import annotations

import pytest

from compute.core.database import Database
from compute.core.migrations import upgrade
from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.signed import Signer
from compute.ec2.key_pair_tags import KeyPairTags

ANN = Signer("t", "ann", "p", frozenset(("member",)))
BOB = Signer("t", "bob", "p", frozenset(("member",)))
READER = Signer("t", "ann", "p", frozenset(("reader",)))
KEY = {"name": "é" * 255, "fingerprint": "1:2"}
OTHER = {"name": "other", "fingerprint": "3:4"}


def test_they_are_one_key_s(database: Database) -> None:
    upgrade(database, ["ec2"])
    tags = KeyPairTags(database)
    tags.change(ANN, [KEY, OTHER], KEY["name"], lambda has: {"a": "b"})
    tags.change(ANN, [KEY, OTHER], OTHER["name"], lambda has: {"c": "d"})
    found = {KEY["name"]: {"a": "b"}, OTHER["name"]: {"c": "d"}}
    assert tags.of(ANN, [KEY, OTHER]) == found
    assert tags.of(BOB, [KEY, OTHER]) == {}
    # Another one of the same name, and one that is gone.
    anew = {**KEY, "fingerprint": "5:6"}
    assert tags.of(ANN, [anew]) == {}
    tags.change(ANN, [anew], anew["name"], lambda has: {**has, "e": "f"})
    assert tags.of(ANN, [anew, OTHER]) == {anew["name"]: {"e": "f"}}
    with pytest.raises(Ec2Error) as error:
        tags.change(READER, [anew], anew["name"], lambda has: {})
    assert error.value.code == "UnauthorizedOperation"
