from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from compute.agent.disks.layout import Layout
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.guests import GuestSpec
from compute.agent.leftovers import LeftoverKind, Leftovers
from objectstore.kernel.errors import Rejected

ONE, TWO, THREE = (str(uuid.UUID(int=number)) for number in (1, 2, 3))


class Scene:
    def __init__(self, directory: Path) -> None:
        self.hypervisor = SimHypervisor(SimHost("h"))
        self.layout = Layout(str(directory))
        self.known = {ONE}
        self.leftovers = Leftovers(
            self.hypervisor, lambda: self.known, layout=self.layout
        )
        for guest in (ONE, TWO):
            self.hypervisor.start(GuestSpec(guest, guest, 1, 64))
        for guest in (ONE, TWO, THREE):
            directory_of = Path(self.layout.directory(guest))
            directory_of.mkdir(parents=True)
            (directory_of / "root.qcow2").write_bytes(b"disk")
        (Path(self.layout.guests) / "not-a-server").mkdir()


def test_what_nobody_owns_is_found_and_removed(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    found = scene.leftovers.find()
    assert {(left.kind, left.name) for left in found} == {
        (LeftoverKind.GUEST, TWO),
        (LeftoverKind.FILES, TWO),
        (LeftoverKind.FILES, THREE),
    }
    for leftover in found:
        scene.leftovers.remove(leftover)
        scene.leftovers.remove(leftover)
    assert scene.leftovers.find() == []
    assert list(scene.hypervisor.states()) == [ONE]
    assert Path(scene.layout.directory(ONE), "root.qcow2").exists()
    assert Path(scene.layout.guests, "not-a-server").exists()


def test_a_server_that_has_an_owner_by_now_is_left_alone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    found = scene.leftovers.find()
    scene.known |= {TWO, THREE}
    for leftover in found:
        with pytest.raises(Rejected):
            scene.leftovers.remove(leftover)
    assert TWO in scene.hypervisor.states()
    assert Path(scene.layout.directory(THREE)).exists()
