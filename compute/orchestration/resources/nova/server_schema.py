"""The properties and attributes of ``OS::Nova::Server``."""

from __future__ import annotations

from collections.abc import Mapping

from compute.orchestration.frame.properties import Attribute, Schema
from compute.orchestration.resources.frame.schemas import (
    a_list,
    a_map,
    attributes,
    flag,
    items,
    mapping,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.neutron.ports import EXTRA

RESIZE, REPLACE = "RESIZE", "REPLACE"
REBUILD, PRESERVE = "REBUILD", "REBUILD_PRESERVE_EPHEMERAL"
RAW, CFN_TOOLS, SOFTWARE_CONFIG = "RAW", "HEAT_CFNTOOLS", "SOFTWARE_CONFIG"
IGNORE = "IGNORE"
_END = "Whether the volume goes with the server"
_SIZE = "The volume's size, in GiB"

NETWORKS = items(
    "Its places on networks, in this order",
    {
        "network": text("On which network", is_a="neutron.network"),
        "uuid": text("The older name of network", is_a="neutron.network"),
        "port": text("By which port", is_a="neutron.port"),
        "subnet": text("With an address of which subnet", is_a="neutron.subnet"),
        "fixed_ip": text("With which address"),
        "floating_ip": text(
            "A floating IP that leads there", is_a="neutron.floating_ip"
        ),
        "port_extra_properties": mapping("More of the port that is made", EXTRA),
        "allocate_network": text(
            "The project's own network, or none at all", one_of=("auto", "none")
        ),
        "tag": text("How the guest knows it", most=60),
    },
    live=True,
)

DEVICES = items(
    "Its disks, the first at vda",
    {
        "device_name": text("Where the guest has it, as vda", required=True),
        "volume_id": text("A volume", is_a="cinder.volume"),
        "snapshot_id": text("The snapshot to copy", is_a="cinder.snapshot"),
        "volume_size": whole(_SIZE, least=1),
        "delete_on_termination": flag(_END),
    },
)

DEVICES_2 = items(
    "Its disks",
    {
        "device_name": text("Where the guest has it, as vda"),
        "volume_id": text("A volume", is_a="cinder.volume"),
        "image": text("The image to copy to a volume", is_a="glance.image"),
        "image_id": text("The older name of image", is_a="glance.image"),
        "snapshot_id": text("The snapshot to copy", is_a="cinder.snapshot"),
        "swap_size": whole("Of a swap disk, in MiB", least=1),
        "ephemeral_size": whole("Of a disk of the host, in GiB", least=1),
        "ephemeral_format": text(
            "Its file system", one_of=("ext2", "ext3", "ext4", "xfs", "ntfs")
        ),
        "device_type": text("What it looks like", one_of=("cdrom", "disk")),
        "disk_bus": text(
            "How it is wired", one_of=("ide", "lame_bus", "scsi", "usb", "virtio")
        ),
        "boot_index": whole("Its turn at booting; below 0 never"),
        "volume_size": whole(_SIZE, least=1),
        "delete_on_termination": flag(_END),
    },
)

PROPERTIES: Schema = {
    "name": text("The name of the server", live=True),
    "image": text("What it boots from", live=True, is_a="glance.image"),
    "block_device_mapping": DEVICES,
    "block_device_mapping_v2": DEVICES_2,
    "flavor": text("How large it is", required=True, live=True, is_a="nova.flavor"),
    "flavor_update_policy": text(
        "What another flavor means", RESIZE, live=True, one_of=(RESIZE, REPLACE)
    ),
    "image_update_policy": text(
        "What another image means",
        REBUILD,
        live=True,
        one_of=(REBUILD, REPLACE, PRESERVE),
    ),
    "key_name": text("Whose owner may log in", is_a="nova.keypair"),
    "availability_zone": text("In which zone"),
    "security_groups": texts("The groups of the ports that it gets", []),
    "networks": NETWORKS,
    "scheduler_hints": mapping("Near or far from what it should be"),
    "metadata": mapping("What is noted of it", live=True),
    "user_data_format": text(
        "What user_data is; the guest always gets it as it stands",
        CFN_TOOLS,
        one_of=(CFN_TOOLS, RAW, SOFTWARE_CONFIG),
    ),
    "user_data": text("For the guest: a script, or a config's id", "", live=True),
    "user_data_update_policy": text(
        "What other user_data means", REPLACE, live=True, one_of=(REPLACE, IGNORE)
    ),
    "reservation_id": text("By which order it is known"),
    "config_drive": flag("Whether it gets what it is told as a disk, too"),
    "diskConfig": text(
        "Who partitions the disk", one_of=("AUTO", "MANUAL"), live=False
    ),
    "personality": mapping("Files by their paths", default={}),
    "admin_pass": text("The administrator's password", live=True, secret=True),
    "software_config_transport": text(
        "How its agent finds configs: it asks this service",
        "POLL_SERVER_HEAT",
        live=True,
        one_of=("POLL_SERVER_HEAT",),
    ),
    "deployment_swift_data": mapping("Where configs are brought", live=True),
    "tags": texts("Tags to put on it", live=True),
}

ATTRIBUTES: Mapping[str, Attribute] = attributes(
    name="Its name",
    addresses=a_map("Its addresses by networks, each with its port"),
    networks=a_map("Its addresses by networks, as plain lists"),
    first_address="One of its addresses",
    instance_name="What its host calls it",
    accessIPv4="How it is reached by IPv4",
    accessIPv6="How it is reached by IPv6",
    console_urls=a_map("URLs of its consoles"),
    tags=a_list("Its tags"),
    os_collect_config=a_map("What its guest's agent is told; nothing here"),
)
