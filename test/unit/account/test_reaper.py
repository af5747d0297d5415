"""The reaper: a deleted account is emptied step by step, and taken up anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from objectstore.account.node import LocalAccountNode
from objectstore.account.reaper import OBJECTS_PER_STEP, Reaper
from objectstore.account.store import AccountStore
from objectstore.kernel.errors import Rejected, Unavailable
from objectstore.kernel.loop import Loop, Progress
from objectstore.kernel.timestamps import from_seconds
from objectstore.wire.marks import ACCOUNT_DELETED, deletion_mark, deletion_of
from test.fakes.stepped_clock import SteppedClock
from test.unit.database.devices import device_at

DELAY, TURN = 1000.0, 300.0


def key_of(account: str) -> bytes:
    return hashlib.md5(account.encode()).digest()


class Contents:
    """Accounts in memory: ``account.reaper.Contents``."""

    def __init__(self) -> None:
        self.accounts: dict[str, dict[str, list[str]]] = {}
        self.deleted: list[str] = []
        self.away = False

    def containers(self, account: str, marker: str, limit: int) -> list[str]:
        if self.away:
            raise Unavailable("away")
        names = sorted(self.accounts[account])
        return [name for name in names if name > marker][:limit]

    def objects(
        self, account: str, container: str, limit: int
    ) -> list[tuple[str, int]]:
        names = self.accounts[account][container]
        return [(name, 0) for name in names[:limit]]

    def delete_objects(
        self, account: str, container: str, objects: list[tuple[str, int]]
    ) -> int:
        names = self.accounts[account][container]
        for name, _ in objects:
            names.remove(name)
        return len(objects)

    def delete_container(self, account: str, container: str) -> None:
        if self.accounts[account][container]:
            raise Rejected(409)
        del self.accounts[account][container]

    def delete_account(self, account: str) -> None:
        assert not self.accounts[account]
        self.deleted.append(account)


class World:
    def __init__(self, path: Path) -> None:
        self.clock = SteppedClock()
        self.device = device_at(path)
        self.store = AccountStore.open(self.device)
        self.node = LocalAccountNode(self.store)
        self.contents = Contents()
        self.rank = 0
        self.reaper = self.new_reaper()

    def new_reaper(self) -> Reaper:
        return Reaper(
            self.store,
            self.clock,
            self.contents,
            lambda key: self.rank,
            delay_seconds=DELAY,
            turn_seconds=TURN,
        )

    def account(self, name: str, containers: dict[str, int]) -> None:
        now = from_seconds(self.clock.time())
        self.node.create(key_of(name), name, now, {}).wait(10)
        self.contents.accounts[name] = {
            container: [f"o{n}" for n in range(count)]
            for container, count in containers.items()
        }

    def mark(self, name: str) -> None:
        now = from_seconds(self.clock.time())
        items = {ACCOUNT_DELETED: (deletion_mark(now), now)}
        assert self.node.post(key_of(name), items).wait(10).found

    def round(self) -> None:
        Loop(self.reaper).once()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()
    world.device.close()


def test_a_deleted_account_is_emptied_after_the_delay(world: World) -> None:
    world.account("AUTH_gone", {"a": 250, "b": 0, "c": 3})
    world.account("AUTH_stays", {"a": 5})
    world.mark("AUTH_gone")
    world.round()
    assert world.reaper.objects == 0
    world.clock.advance(DELAY + 1)
    world.round()
    assert world.contents.deleted == ["AUTH_gone"]
    assert world.contents.accounts["AUTH_stays"] == {"a": [f"o{n}" for n in range(5)]}
    reaper = world.reaper
    assert (reaper.objects, reaper.containers, reaper.accounts) == (253, 3, 1)


def test_a_step_is_bounded_and_another_goes_on(world: World) -> None:
    world.account("AUTH_gone", {"a": 3 * OBJECTS_PER_STEP})
    world.mark("AUTH_gone")
    world.clock.advance(DELAY + 1)
    while not world.reaper.objects:
        assert world.reaper.step() is Progress.BUSY
    assert world.reaper.objects == OBJECTS_PER_STEP
    world.reaper = world.new_reaper()
    world.round()
    assert world.contents.deleted == ["AUTH_gone"]
    assert world.reaper.objects == 2 * OBJECTS_PER_STEP


def test_further_replicas_wait(world: World) -> None:
    world.account("AUTH_gone", {})
    world.mark("AUTH_gone")
    world.rank = 1
    world.clock.advance(DELAY + TURN - 1)
    world.round()
    assert world.contents.deleted == []
    world.clock.advance(2)
    world.round()
    assert world.contents.deleted == ["AUTH_gone"]


def test_what_is_away_is_tried_in_the_next_round(world: World) -> None:
    world.account("AUTH_gone", {"a": 1})
    world.mark("AUTH_gone")
    world.clock.advance(DELAY + 1)
    world.contents.away = True
    world.round()
    assert world.reaper.failures == 1
    world.contents.away = False
    world.round()
    assert world.contents.deleted == ["AUTH_gone"]


def test_marks() -> None:
    assert deletion_of({ACCOUNT_DELETED: deletion_mark(123456)}) == 123456
    assert deletion_of({}) == 0
    assert deletion_of({ACCOUNT_DELETED: "nonsense"}) == 0
