"""Storage policies of fragments in an inventory: their rings, settings and limits."""

from __future__ import annotations

import tarfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from compute.cli.deploy import deploy
from compute.deploy.inventory import Inventory
from compute.deploy.release import lacks_codes
from compute.deploy.rings import RingRefused, first_ring, next_step, ring_names
from compute.deploy.settings_files import cluster_conf
from compute.deploy.site import Site
from compute.deploy.store_policies import coded_by_ring, replicas_max, replicas_of
from objectstore.kernel.settings import BadSettings
from test.unit.compute.deploy.inventories import SECRETS, inventory, sections


def with_policies(text: str) -> Inventory:
    return inventory({"store": {"policies": text}})


def test_each_ring_has_its_replicas() -> None:
    found = with_policies("gold, cold:4+2, silver")
    wanted = {"account": 3, "container": 3, "object": 3, "object-1": 6, "object-2": 3}
    assert {name: replicas_of(found.store, name) for name in wanted} == wanted
    assert list(wanted) == ring_names(found)
    assert replicas_max(found.store) == 6
    for name, replicas in wanted.items():
        builder = first_ring(found, name)
        assert builder.replicas == replicas
        assert not next_step(builder, found, 3600, ring=name).done


def test_the_store_is_told() -> None:
    text = cluster_conf(with_policies("gold, cold:4+2"), SECRETS)
    section = text[text.index("[storage-policy:1]") :]
    for line in ("name = cold", "type = erasure", "data = 4", "parity = 2"):
        assert line in section
    assert "erasure" not in text[: text.index("[storage-policy:1]")]


def test_its_numbers_are_for_ever() -> None:
    before = first_ring(with_policies("gold, cold:4+2"), "object-1")
    with pytest.raises(RingRefused, match="6 fragments for ever, not 5"):
        next_step(before, with_policies("gold, cold:3+2"), 3600, ring="object-1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gold, cold:4+3", "7 replicas need as many devices: 6"),
        ("gold, cold:1+1", "data is 2 at least"),
        ("gold, cold:2+3", "parity 1 to data"),
        ("gold, cold:30+3", "32 at most"),
        ("gold, cold:4", "NAME:4"),
        ("gold, Gold:4+2", "two have the same name"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    with pytest.raises(BadSettings) as caught:
        with_policies(text)
    assert told in str(caught.value)


def test_copies_need_nothing_of_it() -> None:
    assert not coded_by_ring(inventory().store)


@pytest.mark.parametrize("command", ["apply", "rollback"])
def test_a_release_that_cannot_keep_fragments_is_not_started(
    tmp_path: Path, command: str
) -> None:
    """The store would not start, host after host."""
    file = tmp_path / "site.inventory"
    parser = ConfigParser()
    parser.read_dict(sections())
    parser["store"]["policies"] = "gold, cold:4+2"
    with file.open("w") as opened:
        parser.write(opened)
    site = Site.of(file)
    site.make()
    wheels = {"1-a": ["click-8.whl"], "1-b": ["click-8.whl", "PyECLib-1.8.whl"]}
    for name in wheels if command == "rollback" else ["1-a"]:
        site.choose_release(name)
        site.release_runs()
        with tarfile.open(site.release_file(name), "w") as tar:
            for wheel in wheels[name]:
                tar.addfile(tarfile.TarInfo(wheel))
    ended = CliRunner().invoke(deploy, [command, str(file)])
    assert ended.exit_code == 2
    assert "release 1-a cannot keep fragments" in ended.output
    assert not lacks_codes(site.release_file("1-b"))
    assert lacks_codes(site.release_file("1-a"))
