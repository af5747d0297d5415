"""Real guests with volumes; run apart: python -m ... DIRECTORY

An encrypted volume is plugged into a running guest, which is logged in to and writes to
it; none of that is on the host's disk in clear.  It is taken out, and given to a second
guest, which booted from such a volume itself and reads the same bytes.  Then both have
a third volume at once: each reads what the other wrote, also after the agent was killed
and started again.  In the end nothing is left, and no key.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from test.functional.compute.halves import (
    AGENT,
    ROLES,
    ROOMS,
    HalvedCloud,
    halved_cloud,
)
from test.functional.compute.real_guests import (
    Guests,
    guest_disk,
    kill,
    wait_for,
    wait_until_nothing_is_left,
)

# Between processes there is no bus here: agents look by themselves.
SECTIONS = {
    "agent": {"hypervisor": "libvirt", "grace": "2 s", "look": "0.5"},
    "network-agent": {"look": "0.5"},
    "volume": {"ends_with_us": "yes"},
}
PARTS = {**ROLES, ROOMS: f"{ROLES[ROOMS]}, key-manager"}
LOG_LINES = 40
# Where a disk of that serial number is, in a guest without udev's links.
FIND = "for d in /sys/block/vd*; do grep -q ^%s $d/serial && basename $d; done"
PLAIN = "what the guest keeps to itself"
ENCRYPTED_BYTES = 3 * 2**20  # the header, and all that was written behind it
SERIAL_CHARACTERS = 20  # of which a virtio disk shows no more


class Volumes(Guests):
    """The story."""

    def __init__(self, cloud: HalvedCloud, directory: Path) -> None:
        super().__init__(cloud)
        self.parts = cloud
        self.directory = directory
        self.key = directory / "key"
        self.digest = ""
        self.addresses: dict[str, Any] = {}
        self.address = ""  # of the guest that was entered

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

    def server(self, name: str, *more: str) -> Any:
        """Booted, and reached at the floating address."""
        words = ("--flavor", "flavor", "--key-name", "key", "--image", "volumes")
        network = ("--nic", f"net-id={self.made['network'].id}")
        self.cloud.openstack("server", "create", name, *words, *network, *more)
        server = self.sdk.compute.find_server(name)
        self.wait_until(server)
        self.wait_until_ready(server)
        self.enter(server)
        return server

    def enter(self, server: Any) -> None:
        """What is said from now on is said to it."""
        if server.id not in self.addresses:
            address = self.sdk.network.create_ip(
                floating_network_id=self.made["outside"].id
            )
            self.addresses[server.id] = address
            (port,) = list(self.sdk.network.ports(device_id=server.id))
            self.sdk.network.update_ip(address, port_id=port.id)
        self.address = str(self.addresses[server.id].floating_ip_address)
        wait_for("a login", lambda: self.ssh("true").returncode == 0)

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """In the guest that was entered."""
        return subprocess.run(
            [
                *("ssh", "-i", str(self.key), "-o", "StrictHostKeyChecking=no"),
                *("-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5"),
                *("-o", "BatchMode=yes", "-o", "ServerAliveInterval=5"),
                f"root@{self.address}",
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
        self.sdk.compute.create_volume_attachment(server, volume_id=volume.id)
        self.status(volume, "in-use")
        find = FIND % volume.id[:SERIAL_CHARACTERS]
        wait_for("the disk in the guest", lambda: bool(self.ssh(find).stdout.strip()))
        return self.said(find)

    def unplug(self, server: Any, volume: Any) -> None:
        self.cloud.openstack("server", "remove", "volume", server.name, volume.name)
        self.status(volume, "available")
        find = FIND % volume.id[:SERIAL_CHARACTERS]
        assert self.said(f"{find}; true") == ""

    def a_guest_writes(self, volume: Any) -> Any:
        server = self.server("writer")
        disk = self.plugged(server, volume)
        make = f"yes '{PLAIN}' | head -c 524288 > /tmp/bytes"
        write = f"dd if=/tmp/bytes of=/dev/{disk} bs=64k conv=fsync 2>/dev/null"
        self.digest = self.said(f"{make} && {write} && sha256sum < /tmp/bytes")
        self.unplug(server, volume)
        self.nothing_is_in_clear(volume)
        print(f"wrote to the volume as {disk}: {self.digest[:16]}")
        return server

    def nothing_is_in_clear(self, volume: Any) -> None:
        (path,) = self.directory.rglob(f"volume-{volume.id}.raw")
        with path.open("rb") as file:
            head = file.read(ENCRYPTED_BYTES)
        assert head.startswith(b"LUKS"), head[:16]
        header = path.stat().st_size % 2**30
        assert any(head[header:]) and PLAIN.encode() not in head
        print("nothing of it is on the disk in clear")

    def another_reads(self, volume: Any) -> Any:
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
        self.made["volumes to delete"] = [volume.id, attached.volume_id]
        return server

    def shared_volume(self) -> Any:
        self.sdk.block_storage.create_type(
            name="shared", extra_specs={"multiattach": "<is> True"}
        )
        volume = self.sdk.block_storage.create_volume(
            name="both", size=1, volume_type="shared"
        )
        self.status(volume, "available")
        self.made["volumes to delete"].append(volume.id)
        return volume

    def both_have_it(self, writer: Any, reader: Any) -> None:
        volume = self.shared_volume()
        places = {}
        for server in (reader, writer):
            self.enter(server)
            places[server.id] = self.plugged(server, volume)
        self.write(places[writer.id], "from the writer")
        self.parts.kill(AGENT)
        self.parts.start(AGENT)
        self.enter(reader)
        disk = places[reader.id]
        assert self.read(disk) == "from the writer"
        self.write(disk, "from the reader")
        self.enter(writer)
        assert self.read(places[writer.id]) == "from the reader"
        self.sdk.compute.delete_volume_attachment(writer, volume.id)
        wait_for("one attachment", lambda: len(self.servers_of(volume)) == 1)
        assert self.servers_of(volume) == {reader.id}
        self.status(volume, "in-use")
        self.enter(reader)
        assert self.read(disk) == "from the reader"
        print("both guests saw what each of them wrote, though the agent was killed")

    def write(self, disk: str, text: str) -> None:
        put = f"dd of=/dev/{disk} bs=512 count=1 conv=sync,fsync 2>/dev/null"
        self.said(f"printf '{text}' | {put}")

    def read(self, disk: str) -> str:
        """As it is there now, not as it was when it was read before."""
        self.said(f"blockdev --flushbufs /dev/{disk}")
        return self.said(f"dd if=/dev/{disk} bs=512 count=1 2>/dev/null | tr -d '\\0'")

    def servers_of(self, volume: Any) -> set[str]:
        found = self.sdk.block_storage.get_volume(volume.id).attachments
        return {each["server_id"] for each in found}

    def delete_all(self, *servers: Any) -> None:
        for server in servers:
            self.delete(server)
        for each in self.made["volumes to delete"]:
            found = self.sdk.block_storage.get_volume(each)
            self.status(found, "available")
            self.sdk.block_storage.delete_volume(found)
            self.sdk.block_storage.wait_for_delete(found)

    def clear_away(self) -> None:
        sdk = self.sdk
        for address in self.addresses.values():
            sdk.network.delete_ip(address)
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
    with halved_cloud(directory / "c", SECTIONS, PARTS) as cloud:
        try:
            story = Volumes(cloud, directory)
            story.begin(disk)
            volume = story.encrypted_volume()
            story.status(volume, "available")
            writer = story.a_guest_writes(volume)
            reader = story.another_reads(volume)
            story.both_have_it(writer, reader)
            story.delete_all(writer, reader)
            story.clear_away()
        except BaseException:
            for name in cloud.parts:
                lines = cloud.log(name).splitlines()
                told = [line for line in lines if ' - "' not in line]
                print(f"---- {name}", *told[-LOG_LINES:], sep="\n")
            raise
        finally:
            kill("qemu-system", "libvirtd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
