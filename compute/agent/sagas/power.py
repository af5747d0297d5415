"""Start, stop, reboot, pause, suspend: one call of the hypervisor each."""

from __future__ import annotations

from compute.agent.guest_spec import guest_spec
from compute.agent.guests import NbdSource
from compute.agent.host import Work
from compute.agent.sagas.parts import (
    connected_volumes,
    start_guest,
    stop_guest,
    wait_for_ports,
    write_config_drive,
)
from compute.core.jobs.saga import Saga, Step


def _reboot_soft(work: Work) -> None:
    _reboot(work, hard=False)


def _reboot_hard(work: Work) -> None:
    _reboot(work, hard=True)


def _reboot(work: Work, *, hard: bool) -> None:
    work.kit.hypervisor.reboot(
        guest_spec(work.kit.disks, work.server, volumes=connected_volumes(work)),
        hard=hard,
        grace_seconds=work.kit.grace_seconds,
    )


def _pause(work: Work) -> None:
    work.kit.hypervisor.pause(work.uuid)


def _suspend(work: Work) -> None:
    work.kit.hypervisor.suspend(work.uuid)


def _resume(work: Work) -> None:
    work.kit.hypervisor.resume(work.uuid)


def _resume_from_disk(work: Work) -> None:
    """A guest whose memory is on disk outlives whatever knew the keys of its disks,
    and what the types of its volumes said of their speed."""
    hypervisor, disks = work.kit.hypervisor, connected_volumes(work)
    for disk in disks:
        if isinstance(disk.source, NbdSource) and disk.source.luks is not None:
            hypervisor.keep_key(disk.source.luks)
    hypervisor.resume(work.uuid)
    for disk in disks:
        hypervisor.limit_disk(work.uuid, disk.name, disk.limits)


START: Saga[Work] = Saga(
    "start",
    (
        Step("wires", wait_for_ports),
        # Its user data may be other ones since.
        Step("drive", write_config_drive),
        Step("start", start_guest),
    ),
)
STOP: Saga[Work] = Saga("stop", (Step("stop", stop_guest),))
SOFT_DELETE: Saga[Work] = Saga("soft_delete", (Step("stop", stop_guest),))
REBOOT: Saga[Work] = Saga("reboot", (Step("reboot", _reboot_soft),))
REBOOT_HARD: Saga[Work] = Saga(
    "reboot_hard", (Step("wires", wait_for_ports), Step("reboot", _reboot_hard))
)
PAUSE: Saga[Work] = Saga("pause", (Step("pause", _pause),))
UNPAUSE: Saga[Work] = Saga("unpause", (Step("resume", _resume),))
SUSPEND: Saga[Work] = Saga("suspend", (Step("suspend", _suspend),))
RESUME: Saga[Work] = Saga("resume", (Step("resume", _resume_from_disk),))
