"""Roots that are to be replaced, when whoever was to order it dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from compute.core.identifiers import Identifiers, ec2_id
from compute.core.sql.migrations import upgrade
from compute.ec2 import ids
from compute.ec2.actions import root_volumes
from compute.ec2.call import Call
from compute.ec2.frame.parameters import Parameters
from compute.ec2.frame.signed import Signer
from compute.ec2.kept_things import KeptThings
from test.fakes.hasty_database import hasty_database
from test.fakes.stepped_clock import SteppedClock

PROJECT = "aa" * 16
SERVER = "01234567-89ab-4def-8123-456789abcdef"
IMAGE = "fedcba98-7654-4210-8fed-cba987654321"
ANN = Signer("t", "ann", PROJECT, frozenset(("member", "reader")))


class Died(BaseException):
    """The process ends here: it cleans nothing up."""


class Compute:
    """The compute room with one server, and what it was ordered."""

    def __init__(self) -> None:
        self.ordered = 0
        self.server = {
            "id": SERVER,
            "status": "ACTIVE",
            "metadata": {},
            "image": {"id": IMAGE},
        }

    def get(self, *path: str) -> dict[str, Any]:
        return {"id": IMAGE, "status": "active"}

    def raw(self, *order: Any) -> tuple[int, dict[str, str], bytes]:
        self.ordered += 1
        self.server = {**self.server, "status": "REBUILD"}
        return 202, {}, b"{}"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptThings]:
    database = hasty_database(tmp_path)
    upgrade(database, ["ec2"])
    yield KeptThings(database, SteppedClock(), Identifiers(Random(4)))
    database.close()


def call_of(kept: KeptThings, room: Compute, **given: str) -> Call:
    unused: Any = None
    inventory: Any = SimpleNamespace(
        rooms=room,
        signer=ANN,
        servers=[room.server],
        servers_by_id={SERVER: room.server},
        volumes_by_server={},
        uuid=lambda kind, identifier: SERVER,
        id_of=ec2_id,
        now=lambda: 7,
    )
    parameters = Parameters.of(given)
    return Call(parameters, ANN, inventory, unused, unused, kept, "R", "", "R")


def test_what_nobody_ordered_is_begun_when_it_is_asked_again(
    kept: KeptThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Compute()
    order = {
        "InstanceId": ec2_id(ids.INSTANCE, SERVER),
        "ClientToken": "once",
        "DeleteReplacedRootVolume": "true",
    }

    def die(*_: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(room, "raw", die)
        patch.setattr(kept, "drop", die)
        with pytest.raises(Died):
            root_volumes.create(call_of(kept, room, **order))

    def shown() -> dict[str, Any]:
        (task,) = root_volumes.describe(call_of(kept, room))["replaceRootVolumeTaskSet"]
        found: dict[str, Any] = task
        return found

    assert (shown()["taskState"], room.ordered) == ("pending", 0)
    for _ in range(2):
        again = root_volumes.create(call_of(kept, room, **order))
        assert again["replaceRootVolumeTask"]["taskState"] in ("in-progress", "pending")
    assert (shown()["taskState"], room.ordered) == ("in-progress", 1)
    room.server["status"] = "ACTIVE"
    assert (shown()["taskState"], room.ordered) == ("succeeded", 1)
