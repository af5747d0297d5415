"""A server's volumes as disks of its guest: asked for where the bytes are, each time
a guest starts or gets one.

Nothing of a connection is kept: the volume service gives the same host the same
answer, and a host that the server came to a new one.  So there is no record that can
be older than the truth.
"""

from __future__ import annotations

from compute.agent.guests import DiskBus, DiskKey, DiskSpec, NbdSource
from compute.agent.host import HostKit
from compute.instance.client import (
    BlockDevice,
    Server,
    arriving,
    attach_there,
    guest_volumes,
    release_attachment,
)
from compute.volume.client import TCP, ConnectionInfo, Connector, VolumeClient
from objectstore.kernel.errors import Rejected, Unavailable


def volume_disks(kit: HostKit, volumes: VolumeClient, server: Server) -> list[DiskSpec]:
    """The disks that the guest starts with, connected to this host.

    ``Rejected`` when one is gone, ``Unavailable`` when the service is away.
    """
    found = []
    for device in guest_volumes(server.block_devices):
        found.append(connected_disk(kit, volumes, server, device))
        volumes.complete_attachment(device.attachment_id)
    return found


def connected_disk(
    kit: HostKit, volumes: VolumeClient, server: Server, device: BlockDevice
) -> DiskSpec:
    """One of them; the same at each call.  Whoever asks lets it be as fast as it says:
    the volume service takes it that this host does."""
    return disk_of(kit, volumes, device, _connected(kit, volumes, server, device))


def _connected(
    kit: HostKit, volumes: VolumeClient, server: Server, device: BlockDevice
) -> ConnectionInfo:
    connector = _connector(kit, server, device)
    attachment = volumes.update_attachment(device.attachment_id, connector)
    if attachment.connection is None:
        raise Unavailable(f"volume {device.volume_id} is not connected")
    return attachment.connection


def _connector(kit: HostKit, server: Server, device: BlockDevice) -> Connector:
    return Connector(kit.name, kit.address, server.id, device.device)


def disk_of(
    kit: HostKit,
    volumes: VolumeClient,
    device: BlockDevice,
    connection: ConnectionInfo,
) -> DiskSpec:
    """The disk behind a connection, and what opens it when it is encrypted."""
    path = connection.socket_path
    if connection.transport == TCP:
        path = kit.relays.open(connection)
    luks = None
    if connection.is_encrypted:
        passphrase = volumes.passphrase(connection.attachment_id)
        luks = DiskKey(connection.volume_id, passphrase)
    return DiskSpec(
        device.name,
        NbdSource(path, connection.export, "raw", luks),
        bus=DiskBus(device.bus) if device.bus else DiskBus.VIRTIO,
        serial=connection.serial,
        boot_order=1 if device.is_root else None,
        read_only=connection.is_read_only,
        shared=connection.is_shared,
        limits=tuple(sorted(connection.limits.items())),
    )


def reconnected(
    kit: HostKit, volumes: VolumeClient, server: Server, device: BlockDevice
) -> DiskSpec:
    """The disk by this host's way to the volume, which tells its size of now; whoever
    was connected by it was cut off."""
    volumes.reopen(device.attachment_id)
    connection = _connected(kit, volumes, server, device)
    if connection.transport == TCP:
        kit.relays.reopen(connection)
    return disk_of(kit, volumes, device, connection)


# ---- a guest that moves while it runs -----------------------------------------------


def awaited_disks(
    kit: HostKit, volumes: VolumeClient, server: Server
) -> dict[str, dict[str, str]]:
    """The guest's volumes, served to this host too before it comes: name -> socket and
    export.  Until it is here nobody writes by them."""
    found = {}
    for device in guest_volumes(server.block_devices):
        connector = _connector(kit, server, device)
        attachment = attach_there(volumes, server.id, device, connector)
        if attachment.connection is None:
            raise Unavailable(f"volume {device.volume_id} is not connected")
        source = disk_of(kit, volumes, device, attachment.connection).source
        assert isinstance(source, NbdSource)
        if source.luks is not None:
            kit.hypervisor.keep_key(source.luks)
        found[device.name] = {"socket": source.socket_path, "export": source.export}
    return found


def forsake_disks(
    kit: HostKit, volumes: VolumeClient, server: Server, *, left: bool = False
) -> None:
    """The guest does not come, or (``left``) is not here any more: its volumes are
    served to this host no longer."""
    for device in guest_volumes(server.block_devices):
        for attachment in arriving(volumes, server.id, device, kit.name):
            if left and not attachment.host:
                continue  # perhaps it is on its way to another host now
            kit.relays.close(attachment.id)
            release_attachment(volumes, attachment.id)


def close_idle_relays(kit: HostKit, volumes: VolumeClient) -> None:
    """End the relays of attachments that are not there any more."""
    for attachment_id in kit.relays.attachments():
        try:
            volumes.get_attachment(attachment_id)
        except Rejected as error:
            if error.status == 404:
                kit.relays.close(attachment_id)
