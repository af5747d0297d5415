"""The ring-builder command: exit codes, output for people and as JSON, files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ring.cli.entry import run
from ring.file import load_builder, load_ring


class Command:
    """Runs verbs on one builder file and keeps what they printed."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: object, file: object = None) -> int:
        line = [str(file or self.path), *map(str, arguments)]
        code = run([a for a in line if a != "--json"], "--json" in line)
        self.out, self.err = self.capsys.readouterr()
        return code

    def json(self, *arguments: object) -> dict:
        self(*arguments, "--json")
        return json.loads(self.out)


@pytest.fixture
def empty(tmp_path, capsys):
    command = Command(tmp_path / "object.builder", capsys)
    assert command("create", 6, 3, 1) == 0
    return command


@pytest.fixture
def ready(empty):
    devices = [
        text
        for number in range(8)
        for text in (f"r1z{number % 4}-10.0.0.{number}:6200/sd{number}_disk", "100")
    ]
    assert empty("add", *devices) == 0
    assert empty("rebalance", "--seed", "1") == 0
    return empty


def test_create_makes_a_builder_and_a_backup(empty):
    assert load_builder(empty.path).parts == 64
    (backup,) = (empty.path.parent / "backups").iterdir()
    assert backup.name.endswith(".object.builder")


def test_rebalance_writes_ring_builder_and_backups(ready):
    ring = load_ring(ready.path.parent / "object.ring.gz")
    assert ring.digest == load_builder(ready.path).ring().digest
    names = {
        path.name.partition(".")[2]
        for path in (ready.path.parent / "backups").iterdir()
    }
    assert names == {"object.builder", "object.ring.gz"}


def test_the_same_seed_gives_the_same_digest(ready, tmp_path, capsys):
    digest = load_builder(ready.path).ring().digest
    other = Command(tmp_path / "other.builder", capsys)
    other("create", 6, 3, 1)
    for number in range(8):
        other("add", f"r1z{number % 4}-10.0.0.{number}:6200/sd{number}_disk", 100)
    assert other("rebalance", "1") == 0
    assert load_builder(other.path).ring().digest == digest


def test_the_default_view(ready):
    assert ready() == 0
    assert (
        "64 partitions, 3.000000 replicas, 1 regions, 4 zones, 8 devices" in ready.out
    )
    assert "is up-to-date" in ready.out
    assert "10.0.0.7:6200" in ready.out
    assert ready(file=ready.path.parent / "object.ring.gz") == 0
    view = ready.json()
    assert view["balance"] == 0
    assert [device["partitions"] for device in view["devices"]] == [24] * 8
    ready("set_info", "d0", "_new")
    ready()
    assert "is obsolete" in ready.out
    ready("write_ring", "--format-version", "2")
    ready()
    assert "is up-to-date" in ready.out


def test_add_by_options(empty):
    options = (
        "--region 2 --zone 3 --ip host --port 6200 --device sda --weight 5 -m hello"
    )
    assert empty("add", *options.split()) == 0
    (device,) = load_builder(empty.path).known_devices()
    assert (device.region, device.zone, device.ip, device.meta) == (
        2,
        3,
        "host",
        "hello",
    )
    assert empty("add", "--zone", 1) == 2
    assert "--ip is needed" in empty.err
    assert empty("add", "z1-10.0.0.1:6200/sdb", 1) == 0
    assert "WARNING: no region" in empty.err


def test_add_all_or_nothing(empty):
    assert empty("add", "r1z1-a:1/sda", 1, "r1z1-a:1/sda", 1) == 2
    assert "already uses" in empty.err
    assert list(load_builder(empty.path).known_devices()) == []


def test_search(ready):
    assert ready("search", "z1") == 0
    assert "sd1" in ready.out and "sd2" not in ready.out
    assert [d["id"] for d in ready.json("search", "--zone", 0)["devices"]] == [0, 4]
    assert ready("search", "d99") == 2
    assert "No matching devices" in ready.out
    assert ready("search", "nonsense") == 2
    assert ready("search") == 2


def test_list_parts(ready):
    found = ready.json("list_parts", "d0", "d4")["partitions"]
    assert sum(entry["matches"] for entry in found) == 48
    assert ready("list_parts", "--id", 0) == 0
    assert len(ready.out.splitlines()) == 25
    assert ready("list_parts", "d99") == 2


def test_weight_region_and_zone(ready):
    assert ready("set_weight", "d0", 50, "d1", 70) == 0
    assert ready("set_weight", "--device", "sd2", 80) == 0
    assert ready("set_region", "d3", 2) == 0
    assert ready("set_zone", "d3", 9) == 0
    built = load_builder(ready.path)
    assert [built.device(i).weight for i in range(3)] == [50, 70, 80]
    assert (built.device(3).region, built.device(3).zone) == (2, 9)
    assert ready("set_weight", "d0", "heavy") == 2
    assert ready("set_weight", "d0") == 2
    assert ready("set_weight", "d0", "1", "--id", "1") == 2
    assert ready("set_zone", "d0", "1.5") == 2


def test_set_info(ready):
    assert ready("set_info", "d0", "10.9.0.1:7000R10.9.0.2:7001/sdx_moved") == 0
    assert ready("set_info", "--id", 1, "--change-meta", "tagged") == 0
    built = load_builder(ready.path)
    assert str(built.device(0)) == 'd0r1z0-10.9.0.1:7000R10.9.0.2:7001/sdx_"moved"'
    assert built.device(1).meta == "tagged"
    assert ready("set_info", "d2", "10.9.0.1:7000/sdx") == 2
    assert "already uses" in ready.err
    assert ready("set_info", "d2", "z4") == 2


def test_several_devices_need_a_yes(ready, monkeypatch):
    import io

    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert ready("remove", "z1") == 2
    assert "Are you sure" in ready.err
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert ready("remove", "z1") == 2
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert ready("remove", "z1") == 0
    assert ready("set_weight", "z2", 5, "--yes") == 0
    assert load_builder(ready.path).removing == {1, 5}
    assert ready("remove", "d99") == 2
    assert "matched 0 devices" in ready.err


def test_removal_takes_effect_at_the_rebalance(ready):
    assert ready("remove", "d0") == 0
    ready()
    assert "DEL" in ready.out
    assert ready.json("rebalance")["removed"] == 1
    assert load_builder(ready.path).devices[0] is None


def test_rebalance_codes(ready):
    assert ready("rebalance") == 1
    assert "No partitions could be reassigned" in ready.out
    assert "remaining" in ready.out
    assert ready("rebalance", "--force") == 0
    assert ready("set_weight", "d0", 300) == 0
    assert ready("pretend_min_part_hours_passed") == 0
    assert ready("rebalance", "--debug") == 1
    assert "Dispersion" in ready.out and "should hold" in ready.out
    assert ready("set_replicas", 20) == 0
    assert ready("rebalance") == 2
    assert "needs at least 20 devices" in ready.err


def test_settings(ready):
    assert ready("set_overload", "10%") == 0
    assert load_builder(ready.path).overload == pytest.approx(0.1)
    assert ready("set_overload", "12") == 1
    assert "WARNING" in ready.err
    assert ready("set_overload", "1200%") == 0
    assert ready("set_overload", "lots") == 2
    assert ready("set_overload", "-1") == 2
    assert ready("set_replicas", "3.25") == 0
    assert ready("set_replicas", "0.5") == 2
    assert ready("set_min_part_hours", "5") == 0
    assert ready("set_min_part_hours", "x") == 2
    assert ready.json("set_min_part_hours", 7)["min_part_hours"] == 7


def test_validate(ready, empty):
    assert ready("validate") == 0
    assert ready.out == ""
    assert ready.json("validate") == {"valid": True}
    ready("create", 6, 3, 1)
    assert ready("validate") == 2
    assert "run rebalance" in ready.err


def test_dispersion(ready):
    assert ready("dispersion") == 0
    assert "Dispersion is 0.000000" in ready.out
    assert ready("dispersion", r"r\d+z\d+$", "-v", "--recalculate") == 0
    assert "r1z3" in ready.out and "r1z3-" not in ready.out
    report = ready.json("dispersion")
    assert report["worst_tier"] is None
    assert len(report["tiers"]) == 1 + 4 + 8 + 8
    assert ready("dispersion", "(") == 2


def test_a_lost_builder_can_be_written_from_the_ring(ready):
    digest = load_builder(ready.path).ring().digest
    assert ready("write_builder") == 2
    ready.path.unlink()
    assert ready("write_builder", 12) == 0
    built = load_builder(ready.path)
    assert (built.ring().digest, built.min_part_hours) == (digest, 12)
    ready.path.unlink()
    assert ready("write_builder") == 0
    assert "WARNING" in ready.err


def test_write_ring_and_version(ready, empty):
    assert ready("write_ring", "--format-version", 2, "--dev-id-bytes", 4) == 0
    assert ready("version") == 0
    assert "Serialization version: 2 (4-byte IDs)" in ready.out
    assert ready("write_ring", "--dev-id-bytes", 4) == 2
    assert ready("write_ring", "--format-version", 3) == 2
    ready("create", 6, 3, 1)
    assert ready("write_ring") == 2


def test_files_that_cannot_be_used(empty, tmp_path):
    assert empty(file=tmp_path / "none.builder") == 2
    assert empty.err.count("\n") == 1
    bad = tmp_path / "bad.builder"
    bad.write_bytes(b"\x80\x04}q\x00.")
    assert empty(file=bad) == 2
    assert "not a builder file" in empty.err
    assert empty("bogus") == 2
    assert "bogus" in empty.err
    assert empty("create", "x", 3, 1) == 2
    assert empty("create", 99, 3, 1) == 2
    assert empty.json("search", "z1")["devices"] == []
    assert "error" in empty.json("bogus")


def test_two_commands_do_not_change_one_builder(ready):
    from ring.cli.files import Files

    with Files.named(str(ready.path)).locked():
        assert ready("set_overload", "0.1") == 2
        assert "another command" in ready.err
        assert ready("search", "d0") == 0


@pytest.mark.parametrize("verb", ["create", "rebalance", "set_info", "dispersion"])
def test_help_is_not_an_error(empty, verb):
    assert empty(verb, "--help") == 0
    assert "Usage: ring-builder" in empty.out


def test_the_installed_command_runs(tmp_path):
    script = Path(sys.executable).parent / "ring-builder"
    builder = tmp_path / "a.builder"
    for arguments, code in (
        ([], 0),
        ([builder, "create", "4", "1", "0"], 0),
        ([builder, "--json"], 0),
        ([builder, "rebalance"], 2),
    ):
        done = subprocess.run([script, *arguments], capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
