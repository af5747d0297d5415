"""What only a simulated hypervisor has; its contract is in test/contract/compute."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest

from compute.agent.disks.sim import SimDisks
from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import GuestSpec, GuestState
from compute.core.disks.inspection.qcow2 import HEAD_BYTES, check
from objectstore.kernel.errors import Corrupt, Unavailable
from objectstore.kernel.system_disk import SystemDisk


def spec(number: int = 1) -> GuestSpec:
    return GuestSpec(str(uuid.UUID(int=number)), f"guest-{number}", 1, 64)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_injected_faults(moment: str) -> None:
    def fault(method: str, guest: str, when: str) -> Exception | None:
        is_it = (method, guest, when) == ("start", spec().uuid, moment)
        return Unavailable("injected") if is_it else None

    hypervisor = SimHypervisor(SimHost("h"), fault=fault)
    with pytest.raises(Unavailable):
        hypervisor.start(spec())
    started = moment == "after"
    assert (hypervisor.state(spec().uuid) is GuestState.RUNNING) == started


def test_guests_crash_and_power_off_by_themselves() -> None:
    hypervisor = SimHypervisor(SimHost("h"))
    for number in (1, 2):
        hypervisor.start(spec(number))
    hypervisor.crash(spec(1).uuid)
    hypervisor.power_off(spec(2).uuid)
    assert hypervisor.state(spec(1).uuid) is GuestState.CRASHED
    assert hypervisor.state(spec(2).uuid) is GuestState.SHUTDOWN
    hypervisor.start(spec(1))
    assert hypervisor.state(spec(1).uuid) is GuestState.RUNNING


def test_a_thousand_hosts_are_light() -> None:
    hosts = [SimHypervisor(SimHost(f"host-{number}")) for number in range(1000)]
    began = time.process_time()
    for number, host in enumerate(hosts):
        host.start(spec(number))
    assert time.process_time() - began < 2.0
    assert sum(len(host.states()) for host in hosts) == 1000


def test_a_state_file_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "guests.json"
    path.write_text('{"a": {"state": "dancing"}}')
    with pytest.raises(Corrupt):
        SimHypervisor(
            SimHost("h"), state_file=StateFile(SystemDisk(), str(path))
        ).open()


def test_simulated_disks_make_images_that_pass_inspection() -> None:
    disks, guest = SimDisks(), spec().uuid
    disks.prepare_root(guest, "image", 3)
    disks.prepare_ephemeral(guest, 0, 1)
    disks.prepare_swap(guest, 64)
    assert [disk.name for disk in disks.disks(guest)] == ["vda", "vdb", "vdz"]
    captured = disks.capture_idle(guest, "snap")
    head = disks.read_captured(captured, 0, HEAD_BYTES)
    assert check(head) == 3 << 30
    end = disks.read_captured(captured, captured.size_bytes - 1, 10)
    assert len(end) == 1
    disks.remove(guest)
    assert disks.disks(guest) == ()
