"""Attachments of volumes that not all who take part in them know of.

Three things must agree: the volume service's attachments, the servers' devices, and
the disks that guests have.  The attachments are listed before the servers: a device
is never older than its attachment, but for moments in which a finding may be wrong;
so each repair looks again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from compute.agent.host import HostKit
from compute.agent.volumes import connected_disk
from compute.app.doctor.finding import Finding
from compute.app.hosts import Hosts
from compute.core.errors import NotFound
from compute.instance.client import (
    ATTACHED,
    BlockDevice,
    InstanceClient,
    Server,
    TaskState,
    VmState,
    devices_of,
    guest_volumes,
    volumes_of,
)
from compute.volume.client import VolumeClient

PLACE = "volume"
# A guest that is rescued has other disks than its server.
_STEADY = frozenset({VmState.ACTIVE.value, VmState.PAUSED.value})
_MOVING = frozenset({TaskState.MIGRATING.value})


def stray_attachments(
    volumes: VolumeClient, instances: InstanceClient
) -> Iterator[Finding]:
    """Attachments that no server's device has, and devices without attachment."""
    attachments = {each.id: each for each in volumes.list_attachments()}
    briefs = {each.id: each for each in instances.servers()}
    known = {
        device.attachment_id
        for brief in briefs.values()
        for device in volumes_of(brief.block_devices)
    }
    # A guest that moves while it runs has its volumes on two hosts for a while.
    moving = {each.id for each in briefs.values() if each.task_state in _MOVING}
    for attachment in attachments.values():
        if attachment.server_id in moving:
            continue
        if attachment.server_id and attachment.id not in known:
            yield Finding(
                PLACE,
                attachment.id,
                f"attachment of volume {attachment.volume_id} that server"
                f" {attachment.server_id} does not know",
                _Detach(volumes, instances, attachment.id, attachment.server_id),
            )
    for brief in briefs.values():
        for device in volumes_of(brief.block_devices):
            is_whole = device.state == ATTACHED and device.attachment_id
            if is_whole and device.attachment_id not in attachments:
                yield Finding(
                    PLACE,
                    device.volume_id,
                    f"server {brief.id} believes to have it, the volume service does"
                    " not",
                    _Forget(volumes, instances, brief.id, device),
                )


def stray_disks(
    hosts: Hosts, volumes: VolumeClient, instances: InstanceClient
) -> Iterator[Finding]:
    """Disks that guests of this host have, or have not, against their servers."""
    known = {each.id for each in volumes.list_attachments()}
    for name, kit in hosts.kits.items():
        yield from _relays_of(name, kit, known)
        kit.hypervisor.open()
        try:
            found = list(_disks_of(name, kit, volumes, instances))
        finally:
            kit.hypervisor.close()
        yield from found


def _relays_of(name: str, kit: HostKit, known: set[str]) -> Iterator[Finding]:
    for attachment_id in kit.relays.attachments():
        if attachment_id not in known:
            yield Finding(
                PLACE,
                attachment_id,
                f"relay on {name} for an attachment that is not there",
                functools.partial(kit.relays.close, attachment_id),
            )


def _disks_of(
    name: str, kit: HostKit, volumes: VolumeClient, instances: InstanceClient
) -> Iterator[Finding]:
    for brief in instances.servers_of(name):
        server = _steady(instances, brief.id)
        if server is None:
            continue
        serials = kit.hypervisor.disk_serials(server.id)
        wanted = {each.name: each for each in guest_volumes(server.block_devices)}
        ours = {each.name for each in devices_of(server.block_devices)}
        if not serials:
            continue  # its guest does not run: the next start brings all
        for disk in sorted(set(wanted) - set(serials)):
            yield Finding(
                PLACE,
                wanted[disk].volume_id,
                f"guest {server.id} does not have it as {disk}",
                _Plug(kit, volumes, instances, server.id, wanted[disk].id),
            )
        for disk in sorted(each for each in serials if serials[each]):
            if disk not in ours:
                yield Finding(
                    PLACE,
                    serials[disk],
                    f"guest {server.id} has it as {disk}, its server does not",
                    _Unplug(kit, instances, server.id, disk),
                )


def _steady(instances: InstanceClient, server_id: str) -> Server | None:
    """The server, unless something is under way with it."""
    server = instances.server(server_id)
    idle = server.task_state == TaskState.NONE.value and not server.deleted
    return server if idle and server.vm_state in _STEADY else None


class _Detach:
    """Frees a volume, if still no server knows of its attachment."""

    def __init__(
        self,
        volumes: VolumeClient,
        instances: InstanceClient,
        attachment_id: str,
        server_id: str,
    ) -> None:
        self._volumes = volumes
        self._instances = instances
        self._attachment_id = attachment_id
        self._server_id = server_id

    def __call__(self) -> None:
        try:
            server = self._instances.server(self._server_id)
        except NotFound:
            self._volumes.delete_attachment(self._attachment_id)
            return
        known = {each.attachment_id for each in volumes_of(server.block_devices)}
        is_moving = server.task_state in _MOVING and not server.deleted
        if server.deleted or not (is_moving or self._attachment_id in known):
            self._volumes.delete_attachment(self._attachment_id)


class _Forget:
    """Takes a device from its server, if there is still no attachment."""

    def __init__(
        self,
        volumes: VolumeClient,
        instances: InstanceClient,
        server_id: str,
        device: BlockDevice,
    ) -> None:
        self._volumes = volumes
        self._instances = instances
        self._server_id = server_id
        self._device = device

    def __call__(self) -> None:
        there = self._volumes.list_attachments(server_id=self._server_id)
        if all(each.id != self._device.attachment_id for each in there):
            self._instances.drop_device(self._server_id, self._device.id)


class _Plug:
    """Gives a guest the disk that its server has."""

    def __init__(
        self,
        kit: HostKit,
        volumes: VolumeClient,
        instances: InstanceClient,
        server_id: str,
        device_id: str,
    ) -> None:
        self._kit = kit
        self._volumes = volumes
        self._instances = instances
        self._server_id = server_id
        self._device_id = device_id

    def __call__(self) -> None:
        server = _steady(self._instances, self._server_id)
        if server is None:
            return
        self._kit.hypervisor.open()
        try:
            for device in guest_volumes(server.block_devices):
                if device.id == self._device_id:
                    disk = connected_disk(self._kit, self._volumes, server, device)
                    self._kit.hypervisor.attach_disk(server.id, disk)
        finally:
            self._kit.hypervisor.close()


class _Unplug:
    """Takes from a guest the disk that its server does not have."""

    def __init__(
        self, kit: HostKit, instances: InstanceClient, server_id: str, name: str
    ) -> None:
        self._kit = kit
        self._instances = instances
        self._server_id = server_id
        self._name = name

    def __call__(self) -> None:
        server = _steady(self._instances, self._server_id)
        if server is None:
            return
        if self._name in {each.name for each in devices_of(server.block_devices)}:
            return
        self._kit.hypervisor.open()
        try:
            self._kit.hypervisor.detach_disk(server.id, self._name)
        finally:
            self._kit.hypervisor.close()
