"""Real guests with volumes; run apart: python -m ... DIRECTORY

An encrypted volume is plugged into a running guest, which is logged in to and writes to
it; none of that is on the host's disk in clear.  It is taken out, and given to a second
guest, which booted from such a volume itself and reads the same bytes.  In the end
nothing is left, and no key.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud, running_cloud
from test.functional.compute.real_guests import (
    Guests,
    guest_disk,
    wait_for,
    wait_until_nothing_is_left,
)

SECTIONS = {
    "agent": {"hypervisor": "libvirt", "ends_with_us": "yes"},
    "volume": {"ends_with_us": "yes"},
}
# Where a disk of that serial number is, in a guest without udev's links.
FIND = "for d in /sys/block/vd*; do grep -q ^%s $d/serial && basename $d; done"
PLAIN = "what the guest keeps to itself"
ENCRYPTED_BYTES = 3 * 2**20  # the header, and all that was written behind it
SERIAL_CHARACTERS = 20  # of which a virtio disk shows no more


class Volumes(Guests):
    """The story."""

    def __init__(self, cloud: RunningCloud, directory: Path) -> None:
        super().__init__(cloud)
        self.directory = directory
        self.key = directory / "key"
        self.digest = ""

    def begin(self, disk: Path) -> None:
        """A network that is reached from here, and a key."""
        self.prepare(disk, "volumes")
        sdk = self.sdk
        self.make_key(self.key)
        self.lead_outside()
        network = self.made["network"]
        (subnet,) = list(sdk.network.subnets(network_id=network.id))
        sdk.network.add_interface_to_router(self.made["router"], subnet_id=subnet.id)
        group = sdk.network.find_security_group(
            "default", project_id=sdk.current_project_id
        )
        sdk.network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            protocol="tcp",
            remote_ip_prefix="0.0.0.0/0",
        )
        self.made["subnet"] = subnet
        self.made["floating"] = sdk.network.create_ip(
            floating_network_id=self.made["outside"].id
        )

    def server(self, name: str, *more: str) -> Any:
        """Booted, and reached at the floating address."""
        words = ("--flavor", "flavor", "--key-name", "key", "--image", "volumes")
        network = ("--nic", f"net-id={self.made['network'].id}")
        self.cloud.openstack("server", "create", name, *words, *network, *more)
        server = self.sdk.compute.find_server(name)
        self.wait_until(server)
        (port,) = list(self.sdk.network.ports(device_id=server.id))
        self.sdk.network.update_ip(self.made["floating"], port_id=port.id)
        self.wait_until_ready(server)
        wait_for("a login", lambda: self.ssh("true").returncode == 0)
        return server

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """In the guest that has the floating address."""
        return subprocess.run(
            [
                *("ssh", "-i", str(self.key), "-o", "StrictHostKeyChecking=no"),
                *("-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5"),
                *("-o", "BatchMode=yes"),
                f"root@{self.made['floating'].floating_ip_address}",
                command,
            ],
            capture_output=True,
            text=True,
        )

    def said(self, command: str) -> str:
        """What it answers; it must succeed."""
        done = self.ssh(command)
        assert done.returncode == 0, (command, done)
        return done.stdout.strip()

    def encrypted_volume(self) -> Any:
        words = ("volume", "type", "create", "sealed", "--encryption-provider", "luks")
        cipher = ("--encryption-cipher", "aes-xts-plain64")
        more = ("--encryption-key-size", "256")
        place = ("--encryption-control-location", "front-end")
        self.cloud.openstack(*words, *cipher, *more, *place)
        # What is booted from is encrypted, too.
        self.sdk.block_storage.put(
            f"/default-types/{self.sdk.current_project_id}",
            json={"default_type": {"volume_type": "sealed"}},
            microversion="3.62",
        )
        return self.sdk.block_storage.create_volume(name="data", size=1)

    def status(self, volume: Any, wanted: str) -> None:
        wait_for(
            f"volume {wanted}",
            lambda: self.sdk.block_storage.get_volume(volume.id).status == wanted,
        )

    def plugged(self, server: Any, volume: Any) -> str:
        """The disk's name in the guest."""
        self.cloud.openstack("server", "add", "volume", server.name, volume.name)
        self.status(volume, "in-use")
        find = FIND % volume.id[:SERIAL_CHARACTERS]
        wait_for("the disk in the guest", lambda: bool(self.ssh(find).stdout.strip()))
        return self.said(find)

    def unplug(self, server: Any, volume: Any) -> None:
        self.cloud.openstack("server", "remove", "volume", server.name, volume.name)
        self.status(volume, "available")
        find = FIND % volume.id[:SERIAL_CHARACTERS]
        assert self.said(f"{find}; true") == ""

    def a_guest_writes(self, volume: Any) -> None:
        server = self.server("writer")
        disk = self.plugged(server, volume)
        make = f"yes '{PLAIN}' | head -c 524288 > /tmp/bytes"
        write = f"dd if=/tmp/bytes of=/dev/{disk} bs=64k conv=fsync 2>/dev/null"
        self.digest = self.said(f"{make} && {write} && sha256sum < /tmp/bytes")
        self.unplug(server, volume)
        self.nothing_is_in_clear(volume)
        print(f"wrote to the volume as {disk}: {self.digest[:16]}")
        self.delete(server)

    def nothing_is_in_clear(self, volume: Any) -> None:
        (path,) = self.directory.rglob(f"volume-{volume.id}.raw")
        with path.open("rb") as file:
            head = file.read(ENCRYPTED_BYTES)
        assert head.startswith(b"LUKS"), head[:16]
        header = path.stat().st_size % 2**30
        assert any(head[header:]) and PLAIN.encode() not in head
        print("nothing of it is on the disk in clear")

    def another_reads(self, volume: Any) -> None:
        server = self.server("reader", "--boot-from-volume", "1")
        shown = self.cloud.openstack("server", "show", "reader")["image"]
        assert shown in ("", "N/A (booted from volume)"), shown
        root = self.said("cat /sys/block/vda/serial")
        (attached,) = self.sdk.compute.volume_attachments(server)
        assert attached.volume_id.startswith(root), (attached, root)
        disk = self.plugged(server, volume)
        read = f"dd if=/dev/{disk} bs=64k count=8 2>/dev/null | sha256sum"
        assert self.said(read) == self.digest
        print(f"booted from a volume, and read the same bytes from {disk}")
        self.delete(server)
        for each in (volume.id, attached.volume_id):
            found = self.sdk.block_storage.get_volume(each)
            self.status(found, "available")
            self.sdk.block_storage.delete_volume(found)
            self.sdk.block_storage.wait_for_delete(found)

    def clear_away(self) -> None:
        sdk = self.sdk
        sdk.network.delete_ip(self.made["floating"])
        sdk.network.remove_interface_from_router(
            self.made["router"], subnet_id=self.made["subnet"].id
        )
        sdk.network.delete_router(self.made["router"])
        sdk.network.delete_network(self.made["network"])
        sdk.image.delete_image(self.made["volumes"])
        assert list(sdk.key_manager.secrets()) == []
        print(wait_until_nothing_is_left(self.cloud))


def main(directory: Path) -> None:
    """All of it."""
    disk = guest_disk()
    place = None
    try:
        with running_cloud(directory / "c", SECTIONS, roles=()) as cloud:
            place = cloud.place
            story = Volumes(cloud, directory)
            story.begin(disk)
            volume = story.encrypted_volume()
            story.status(volume, "available")
            story.a_guest_writes(volume)
            story.another_reads(volume)
            story.clear_away()
    except BaseException:
        if place is not None:
            lines = place.log.read_text("utf-8").splitlines()
            print("\n".join([line for line in lines if '" 2' not in line][-40:]))
        raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
