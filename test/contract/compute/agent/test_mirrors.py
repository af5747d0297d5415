"""A guest's disk on two places, and a guest that ends before it uses the second."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path

import pytest

from compute.agent.guests import ACTIVE_STATES, DiskSpec
from test.contract.compute.agent.host import Host, wait_for
from test.contract.compute.agent.test_boot import storage as storage
from test.contract.compute.agent.test_volumes import MIB, Volumes
from test.contract.compute.agent.test_volumes import volumes as volumes


def kill(host: Host, uuid: str) -> None:
    """Its process, as the kernel does when memory is short."""
    for found in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = found.read_bytes()
        except OSError:
            continue
        if b"qemu-system" in words.partition(b"\0")[0] and uuid.encode() in words:
            os.kill(int(found.parent.name), signal.SIGKILL)
    states = host.hypervisor
    wait_for(lambda: states.state(uuid) not in ACTIVE_STATES, "it does not end")


@pytest.mark.parametrize("is_plugged", [False, True])
def test_of_a_guest_that_ended_it_is_known_whether_it_went_over(
    libvirt_host: Host, volumes: Volumes, is_plugged: bool
) -> None:
    host, hypervisor = libvirt_host, libvirt_host.hypervisor
    _, source = volumes.make("first", MIB)
    _, target = volumes.make("second", MIB)
    disk = DiskSpec("vdb", source)
    second = dataclasses.replace(disk, source=target)
    spec = host.spec(*([] if is_plugged else [disk]))
    for goes_over in (False, True):
        hypervisor.start(spec)
        if is_plugged:
            hypervisor.attach_disk(spec.uuid, disk)
        hypervisor.mirror_disk(spec.uuid, "vdb", second)
        if goes_over:
            assert hypervisor.turn_disk(spec.uuid, "vdb", second)
        kill(host, spec.uuid)
        assert hypervisor.turn_disk(spec.uuid, "vdb", second) is goes_over
        hypervisor.end_mirror(spec.uuid, "vdb")
