"""``objectstore device``: info, verify, rebuild."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from objectstore.cli.device import device as command
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.device import Device
from objectstore.kernel.system_disk import SystemDisk
from objectstore.object.node import LocalObjectNode
from objectstore.object.store.store import ObjectStore
from objectstore.wire.records import ObjectName, ObjectState
from test.unit.object.bench import key_of, put_state

LARGE = Random(1).randbytes(1_200_000)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    opened = Device.open(SystemDisk(), str(tmp_path))
    for policy in (0, 2):
        store = ObjectStore.open(opened, policy, SystemClock())
        node = LocalObjectNode(store)
        for name in ("one", "two"):
            state = put_state(name, 10, b"body")
            node.put(key_of(name), state, b"body").wait(10)
        tombstone = ObjectState(
            ObjectName("AUTH_test", "box", "two"), deleted_timestamp=11
        )
        node.delete(key_of("two"), tombstone).wait(10)
        upload = node.begin(key_of("large"), None).wait(10)
        for start in (0, 600_000):
            upload.write(memoryview(LARGE)[start : start + 600_000]).wait(10)
        upload.commit(put_state("large", 10, LARGE)).wait(10)
        store.close()
    opened.close()
    return tmp_path


def run(verb: str, directory: Path, *more: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(command, [verb, str(directory), *more])
    assert result.exit_code == exit_code, result.output
    return result.output


def stores(verb: str, directory: Path, exit_code: int = 0) -> list[dict[str, object]]:
    text = run(verb, directory, "--json", exit_code=exit_code)
    return json.loads(text)["stores"]


def test_info_counts_what_is_there(directory: Path) -> None:
    first, second = stores("info", directory)
    assert (first["policy"], second["policy"]) == (0, 2)
    assert first["objects"] == 2
    assert first["tombstones"] == 1
    assert first["bytes"] == 4 + len(LARGE)
    assert first["rows_owed"] == 3
    assert "policy 2" in run("info", directory)


def test_verify_finds_nothing_wrong_and_then_something(directory: Path) -> None:
    assert [store["problems"] for store in stores("verify", directory)] == [[], []]
    (body,) = (directory / "objects-2" / "bodies").rglob("*-10-1")
    with body.open("r+b") as file:
        file.seek(299_000)
        file.write(b"xx")
    first, second = stores("verify", directory, exit_code=1)
    assert first["problems"] == []
    (problem,) = second["problems"]  # type: ignore[misc]
    assert problem["where"] == "body"
    assert "box/large" in run("verify", directory, exit_code=1)


def test_rebuild_makes_the_same_index(directory: Path) -> None:
    before = stores("info", directory)
    (directory / "objects" / "index.db").unlink()
    (directory / "objects-2" / "index.db").write_bytes(b"rubbish" * 1000)
    assert stores("rebuild", directory) == before
    assert stores("info", directory) == before
    assert [store["problems"] for store in stores("verify", directory)] == [[], []]


def test_a_damaged_index_is_made_anew_by_itself(directory: Path) -> None:
    before = stores("info", directory)
    (directory / "objects" / "index.db").write_bytes(b"rubbish" * 1000)
    assert stores("info", directory) == before


def test_a_device_in_use_is_left_alone(directory: Path) -> None:
    opened = Device.open(SystemDisk(), str(directory))
    output = run("rebuild", directory, exit_code=2)
    assert "Error" in output
    opened.close()


def test_what_is_no_device_is_left_as_it_is(tmp_path: Path) -> None:
    for verb in ("info", "verify", "rebuild"):
        assert "no device is here" in run(verb, tmp_path, exit_code=2)
    assert list(tmp_path.iterdir()) == []
