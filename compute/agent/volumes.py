"""A server's volumes as disks of its guest: asked for where the bytes are, each time
a guest starts or gets one.

Nothing of a connection is kept: the volume service gives the same host the same
answer, and a host that the server came to a new one.  So there is no record that can
be older than the truth.
"""

from __future__ import annotations

from compute.agent.host import HostKit
from compute.agent.hypervisor import DiskBus, DiskSpec, NbdSource
from compute.instance.client import BlockDevice, Server, guest_volumes
from compute.volume.client import TCP, ConnectionInfo, Connector, VolumeClient
from objectstore.kernel.errors import Unavailable


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
    """One of them; the same at each call."""
    connector = Connector(kit.name, kit.address, server.id, device.device)
    attachment = volumes.update_attachment(device.attachment_id, connector)
    if attachment.connection is None:
        raise Unavailable(f"volume {device.volume_id} is not connected")
    return disk_of(kit, device, attachment.connection)


def disk_of(kit: HostKit, device: BlockDevice, connection: ConnectionInfo) -> DiskSpec:
    """The disk behind a connection."""
    path = connection.socket_path
    if connection.transport == TCP:
        path = kit.relays.open(connection)
    return DiskSpec(
        device.name,
        NbdSource(path, connection.export, "raw"),
        bus=DiskBus(device.bus) if device.bus else DiskBus.VIRTIO,
        serial=connection.serial,
        boot_order=1 if device.is_root else None,
        read_only=connection.is_read_only,
    )
