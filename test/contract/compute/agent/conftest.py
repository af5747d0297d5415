"""Hosts for the conformance suite: simulated, libvirt with QEMU, and containers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.agent.drivers.sim.host import SimHost
from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.drivers.sim.state_file import StateFile
from compute.agent.guests import DiskSpec, FileSource
from compute.agent.hypervisor import Hypervisor
from compute.core.disks import qemu_img
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.system_disk import SystemDisk
from test.contract.compute.agent import qemu
from test.contract.compute.agent.host import Host
from test.guest_image import DISK
from test.guest_image import guest_image as small_guest
from test.scratch import scratch_directory


@pytest.fixture(scope="session")
def qemu_directory() -> Iterator[Path]:
    """A short path (sockets lie below it) for a whole session of real guests."""
    reason = qemu.why_not()
    if reason:
        pytest.skip(reason)
    with scratch_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def guest_image(qemu_directory: Path) -> Path:
    """The directory with our guest's disk, kernel, ramdisk and root file system."""
    return small_guest()


@pytest.fixture(scope="session")
def libvirt_session(qemu_directory: Path) -> Iterator[Path]:
    """The state directory of one private libvirtd, which ends with the session."""
    from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon

    yield qemu_directory
    PrivateDaemon(str(qemu_directory / "libvirt"), SystemClock()).stop()


def open_libvirt(state_directory: Path) -> Hypervisor:
    from compute.agent.drivers.libvirt.build import build_hypervisor
    from compute.agent.drivers.libvirt.host import HostSize
    from compute.agent.drivers.libvirt.settings import LibvirtSettings

    host = HostSize("host-under-test", str(state_directory))
    # Slow enough that other things come in between.
    settings = LibvirtSettings(virt_type="qemu", pull_bytes_per_second=4 << 20)
    hypervisor, _ = build_hypervisor(
        settings, host, str(state_directory), SystemClock()
    )
    hypervisor.open()
    return hypervisor


@pytest.fixture
def libvirt_host(libvirt_session: Path) -> Iterator[Host]:
    """A host whose guests are real."""
    directory = Path(tempfile.mkdtemp(prefix="g-", dir=libvirt_session))
    host = Host(
        open_libvirt(libvirt_session), lambda: open_libvirt(libvirt_session), directory
    )
    yield host
    host.clean_up()
    assert host.hypervisor.states() == {}
    host.hypervisor.close()
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def lxc_session(qemu_directory: Path) -> Iterator[Path]:
    """The state directory of containers and their libvirtd, which ends with it."""
    from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
    from compute.agent.drivers.lxc.mounting import unmount

    directory = qemu_directory / "x"
    directory.mkdir()
    yield directory
    PrivateDaemon(str(directory / "libvirt"), SystemClock()).stop()
    unmount(str(directory / "containers"), lazily=True)


def open_lxc(state_directory: Path) -> Hypervisor:
    from compute.agent.drivers.libvirt.host import HostSize
    from compute.agent.drivers.libvirt.settings import LibvirtSettings
    from compute.agent.drivers.lxc.build import build_containers

    state = str(state_directory)
    hypervisor, _ = build_containers(
        LibvirtSettings(pull_bytes_per_second=4 << 20),
        HostSize("host-under-test", state),
        state,
        f"{state}/sockets",
        SystemClock(),
    )
    hypervisor.open()
    return hypervisor


@pytest.fixture
def lxc_host(lxc_session: Path, guest_image: Path) -> Iterator[Host]:
    """A host whose guests are containers, each with the small guest's disk."""

    def root(place: Path) -> DiskSpec:
        path = str(place / "root.qcow2")
        qemu_img.create_overlay(path, str(guest_image / DISK), "qcow2", 1 << 30)
        return DiskSpec("vda", FileSource(path, "qcow2"), boot_order=1)

    bridge = f"br{uuid.uuid4().hex[:9]}"
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    directory = Path(tempfile.mkdtemp(prefix="g-", dir=lxc_session))
    host = Host(
        open_lxc(lxc_session),
        lambda: open_lxc(lxc_session),
        directory,
        root=root,
        bridge=bridge,
    )
    yield host
    host.clean_up()
    subprocess.run(["ip", "link", "del", bridge], check=True)
    assert host.hypervisor.states() == {}
    assert list((lxc_session / "containers").iterdir()) == []
    host.hypervisor.close()
    shutil.rmtree(directory)


@pytest.fixture
def sim_host(tmp_path: Path) -> Iterator[Host]:
    """A simulated host whose guests outlive the agent."""

    def open_sim() -> Hypervisor:
        state_file = StateFile(SystemDisk(), str(tmp_path / "guests.json"))
        hypervisor = SimHypervisor(SimHost("host-under-test"), state_file=state_file)
        hypervisor.open()
        return hypervisor

    host = Host(open_sim(), open_sim, tmp_path)
    yield host
    host.clean_up()
    assert host.hypervisor.states() == {}


@pytest.fixture(params=["sim", "libvirt", "lxc"])
def host(request: pytest.FixtureRequest) -> Host:
    """Each driver in turn."""
    found = request.getfixturevalue(f"{request.param}_host")
    assert isinstance(found, Host)
    return found
