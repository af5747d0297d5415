"""A snapshot whose upload was broken off becomes whole all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from compute.agent.sagas.capture import UPLOAD_LOOK_SECONDS, UPLOAD_LOOKS_MAX
from objectstore.kernel import concurrency
from test.unit.compute.instance.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, hosts=1)
    house.furnish()
    yield house
    house.close()


def ask_for_snapshot(house: House, server_id: str) -> str:
    got = house.act(server_id, "createImage", {"name": "snap"})
    assert got.status == 202, got.body
    return str(got.json["image_id"])


def begin_upload(house: House, image_id: str) -> concurrency.Task:
    """Some bytes, and then nothing more, as from an agent that was killed."""
    begun = concurrency.Event()

    def pieces() -> Iterator[bytes]:
        yield b"QFI\xfb"
        begun.set()
        concurrency.sleep(3600)

    task = concurrency.spawn(house.images.upload, image_id, pieces())
    begun.wait(5)
    assert house.images.get(image_id).status == "saving"
    return task


def end(task: concurrency.Task) -> None:
    """Kill it, and wait until it has cleaned up."""
    concurrency.kill_task(task)
    with suppress(concurrency.Killed):
        concurrency.wait_task(task)


def test_the_upload_begins_anew_once_the_broken_one_has_ended(house: House) -> None:
    server_id = house.boot()
    image_id = ask_for_snapshot(house, server_id)
    task = begin_upload(house, image_id)
    house.work()
    assert house.images.get(image_id).status == "saving"
    end(task)
    assert house.images.get(image_id).status == "queued"
    house.clock.advance(UPLOAD_LOOK_SECONDS + 1)
    house.work()
    image = house.images.get(image_id)
    assert image.is_active
    assert house.images.read_range(image_id, 0, 4) == b"QFI\xfb"
    assert house.show(server_id)["OS-EXT-STS:task_state"] is None
    assert house.leftovers() == []


def test_one_that_never_ends_is_given_up(house: House) -> None:
    server_id = house.boot()
    image_id = ask_for_snapshot(house, server_id)
    task = begin_upload(house, image_id)
    for _ in range(UPLOAD_LOOKS_MAX + 1):
        house.work()
        house.clock.advance(UPLOAD_LOOK_SECONDS + 1)
    end(task)
    assert list(house.images.list({"name": "snap"})) == []
    assert house.show(server_id)["status"] == "ACTIVE"
    assert house.leftovers() == []


def test_a_snapshot_deleted_meanwhile_is_no_fault_of_the_server(house: House) -> None:
    server_id = house.boot()
    image_id = ask_for_snapshot(house, server_id)
    task = begin_upload(house, image_id)
    house.work()
    house.images.delete(image_id)
    end(task)
    house.clock.advance(UPLOAD_LOOK_SECONDS + 1)
    house.work()
    assert house.show(server_id)["status"] == "ACTIVE"
    assert house.leftovers() == []
