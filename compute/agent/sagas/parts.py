"""Steps that several kinds of job share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.agent.guest_spec import boot_files, extra_disks, guest_spec
from compute.agent.guests import ACTIVE_STATES, DiskSpec, GuestState
from compute.agent.host import Work
from compute.agent.volumes import awaited_disks, forsake_disks, volume_disks
from compute.core.jobs.saga import TryAgain
from compute.instance.client import config_drive_files, move_ports, plug_ports
from objectstore.kernel import concurrency

# How long a guest waits for its ports: looks at a time (a step must not keep its
# agent from noticing that the job was cancelled), and times; a minute in all.
PORT_LOOKS = 20
PORT_LOOK_SECONDS = 0.25
PORT_WAIT_TRIES = 12


def prepare_disks(
    work: Work, image_id: str, *, lazy: bool, flavor: Mapping[str, Any] | None = None
) -> None:
    """The root disk from the image, unless it is a volume, and the other disks that
    lie on the host."""
    flavor = flavor or work.server.flavor
    disks = work.kit.disks
    if not work.server.is_volume_backed:
        disks.prepare_root(work.uuid, image_id, flavor["disk"], lazy=lazy)
    boot_files(disks, work.server)
    extra_disks(disks, work.server, flavor)


def remove_disks(work: Work) -> None:
    """All the guest's files."""
    work.kit.disks.remove(work.uuid)


def bind_ports(work: Work) -> None:
    """The server's ports, on this host."""
    vifs = plug_ports(work.neighbours.network, work.server, work.kit.name)
    work.set_vifs(vifs)


def take_ports(work: Work) -> None:
    """Those ports that the server has, on this host; none is made."""
    vifs = move_ports(work.neighbours.network, work.server, work.kit.name)
    work.set_vifs(vifs)


def return_ports(work: Work) -> None:
    """Back to the host that the server is on."""
    vifs = move_ports(work.neighbours.network, work.server, work.server.host)
    work.set_vifs(vifs)


def wait_for_ports(work: Work, *, at_destination: bool = False) -> None:
    """The network's agent has made the taps; ``at_destination``: those for a guest
    that is still elsewhere."""
    if not work.kit.waits_for_ports or not work.server.vifs:
        return
    for _ in range(PORT_LOOKS):
        nics = work.neighbours.network.nics_of(work.uuid)
        if all(nic.is_awaited if at_destination else nic.is_active for nic in nics):
            return
        concurrency.sleep(PORT_LOOK_SECONDS)
    tries = int(work.progress.get("port_tries", 0)) + 1
    work.progress["port_tries"] = tries
    if tries > PORT_WAIT_TRIES:
        raise TimeoutError("its network ports were not wired up in time")
    raise TryAgain("its network ports are not wired up yet", PORT_LOOK_SECONDS)


def write_config_drive(work: Work) -> None:
    """The config drive, when the server has one."""
    if not work.server.config_drive:
        return
    password = str(work.arguments.get("admin_password", ""))
    files = config_drive_files(work.server, password)
    work.kit.disks.prepare_config_drive(work.uuid, files)


def connected_volumes(work: Work) -> list[DiskSpec]:
    """The server's volumes, connected to this host."""
    return volume_disks(work.kit, work.neighbours.volumes, work.server)


def await_volumes(work: Work) -> dict[str, dict[str, str]]:
    """The volumes of a guest that is to come, served to this host too."""
    return awaited_disks(work.kit, work.neighbours.volumes, work.server)


def forsake_volumes(work: Work) -> None:
    """It does not come: they are not."""
    forsake_disks(work.kit, work.neighbours.volumes, work.server)


def start_guest(work: Work) -> None:
    """Running, as the record says."""
    spec = guest_spec(work.kit.disks, work.server, volumes=connected_volumes(work))
    work.kit.hypervisor.start(spec)


def start_with(work: Work, flavor: Mapping[str, Any]) -> None:
    """Running, with another flavor than the record's."""
    spec = guest_spec(
        work.kit.disks, work.server, flavor=flavor, volumes=connected_volumes(work)
    )
    work.kit.hypervisor.start(spec)


def start_as_before(work: Work) -> None:
    """Running with its old flavor, if it ran before the resize."""
    resize = work.server.resize or {}
    if resize.get("old_vm_state") == "active":
        start_with(work, resize["old_flavor"])


def stop_guest(work: Work) -> None:
    """Shut down, politely."""
    work.kit.hypervisor.stop(work.uuid, work.kit.grace_seconds)


def end_guest(work: Work) -> None:
    """Shut down at once: its state is not needed."""
    work.kit.hypervisor.stop(work.uuid, 0)


def destroy_guest(work: Work) -> None:
    """The hypervisor knows nothing of it."""
    work.kit.hypervisor.destroy(work.uuid)


def is_active(work: Work) -> bool:
    """Whether there is a process of the guest."""
    return work.kit.hypervisor.state(work.uuid) in ACTIVE_STATES


def was_running(work: Work) -> bool:
    """Whether the guest ran when the job began (remembered at the first asking)."""
    if "was_running" not in work.progress:
        state = work.kit.hypervisor.state(work.uuid)
        work.progress["was_running"] = state is GuestState.RUNNING
    return bool(work.progress["was_running"])
