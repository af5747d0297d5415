"""What the rest of the cloud knows of the instance room: all that it may import.

``InstanceClient`` asks the room.  The rest is for the agents' sagas: the records that
the room tells, what can be read off a server's block devices, and the dealings with
ports and volumes that the room and its hosts share.
"""

from __future__ import annotations

from compute.instance.block_devices import (
    ATTACHED,
    SWAPPING,
    BlockDevice,
    devices_of,
    ephemeral_sizes,
    find_volume,
    free_device,
    guest_volumes,
    root_of,
    swap_mib,
    volumes_of,
)
from compute.instance.client_calls import InstanceClient
from compute.instance.machines import GuestMachine, machine_of
from compute.instance.metadata.config_drive import config_drive_files
from compute.instance.moves import MOVED
from compute.instance.ports import (
    await_ports,
    forsake_ports,
    interfaces,
    move_ports,
    plug_ports,
    release_port,
    release_ports,
    unhost_ports,
)
from compute.instance.records import Server
from compute.instance.states import PowerState, TaskState, VmState
from compute.instance.told import (
    ClaimedJob,
    ConsoleGrant,
    HostReport,
    MoveGrant,
    ServerBrief,
    StrayPlace,
)
from compute.instance.volumes import (
    arriving,
    attach_there,
    attachment_of,
    is_coming,
    release_attachment,
    release_volumes,
)

__all__ = [
    "ATTACHED",
    "MOVED",
    "SWAPPING",
    "BlockDevice",
    "ClaimedJob",
    "ConsoleGrant",
    "GuestMachine",
    "HostReport",
    "InstanceClient",
    "MoveGrant",
    "PowerState",
    "Server",
    "ServerBrief",
    "StrayPlace",
    "TaskState",
    "VmState",
    "arriving",
    "attach_there",
    "attachment_of",
    "await_ports",
    "config_drive_files",
    "devices_of",
    "ephemeral_sizes",
    "find_volume",
    "forsake_ports",
    "free_device",
    "guest_volumes",
    "interfaces",
    "is_coming",
    "machine_of",
    "move_ports",
    "plug_ports",
    "release_attachment",
    "release_port",
    "release_ports",
    "release_volumes",
    "root_of",
    "swap_mib",
    "unhost_ports",
    "volumes_of",
]
