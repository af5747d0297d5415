"""Real guests move between two real hosts; run apart: python -m ... DIRECTORY

One boots from an image, the other from a volume.  Each is logged in to and leaves a
note on its disk; is moved to the other host while it runs, a ping goes on and it writes
to a volume.  The first is taken back cold, too, with its note.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import (
    DOCTOR_POLL_SECONDS,
    Guests,
    guest_disk,
    wait_for,
    wait_until_nothing_is_left,
)
from test.functional.compute.real_writes import NOTE, WritingGuest
from test.functional.compute.two_hosts import HostPlace, second_volume_host, two_hosts

PREFIX, GATEWAY = "fd00:40::/64", "fd00:40::1"
PING_SECONDS = "0.2"
# Two seconds: a guest under emulation on a crowded machine stands still for a while.
LOST_MAX = 15


class Inside(Guests):
    """What the guests share: a network that is reached from outside, and a key."""

    def __init__(
        self, cloud: RunningCloud, hosts: dict[str, HostPlace], directory: Path
    ) -> None:
        super().__init__(cloud)
        self.hosts = hosts
        self.key = directory / "key"

    def lay(self, disk: Path) -> None:
        """All of it."""
        self.prepare(disk, "moving")
        sdk = self.sdk
        self.make_key(self.key)
        self.lead_outside()
        network = self.made["network"]
        (subnet,) = list(sdk.network.subnets(network_id=network.id))
        subnet6 = sdk.network.create_subnet(
            network_id=network.id,
            cidr=PREFIX,
            ip_version=6,
            ipv6_ra_mode="slaac",
            ipv6_address_mode="slaac",
        )
        for each in (subnet, subnet6):
            sdk.network.add_interface_to_router(self.made["router"], subnet=each.id)
        group = sdk.network.find_security_group(
            "default", project_id=sdk.current_project_id
        )
        assert group is not None
        for protocol in ("icmp", "tcp"):
            sdk.network.create_security_group_rule(
                security_group_id=group.id,
                direction="ingress",
                protocol=protocol,
                remote_ip_prefix="0.0.0.0/0",
            )
        self.made["subnets"] = [subnet, subnet6]

    def clear_away(self) -> None:
        """And nothing is left, on either host."""
        sdk = self.sdk
        for subnet in self.made["subnets"]:
            sdk.network.remove_interface_from_router(
                self.made["router"], subnet=subnet.id
            )
        sdk.network.delete_router(self.made["router"])
        sdk.network.delete_network(self.made["network"])
        sdk.image.delete_image(self.made["moving"])
        wait_until_nothing_is_left(self.cloud)
        for host in self.hosts.values():
            wait_for(f"no guest on {host.name}", partial(is_empty, host))
            wait_for(
                f"no finding on {host.name}",
                partial(is_well, host),
                poll_seconds=DOCTOR_POLL_SECONDS,
            )
        print("nothing is left behind")


class Moves(WritingGuest):
    """One guest and two hosts."""

    def __init__(
        self, cloud: RunningCloud, inside: Inside, name: str, *, is_rooted: bool
    ) -> None:
        super().__init__(cloud)
        self.made = inside.made
        self.is_rooted = is_rooted
        self.hosts = inside.hosts
        self.key = inside.key
        self.name = name
        self.floating: Any = None
        self.router_host = ""

    def order(self) -> None:
        """A guest, which boots while others are ordered."""
        self.server = self.sdk.compute.create_server(
            name=self.name,
            flavor_id=self.made["flavor"].id,
            networks=[{"uuid": self.made["network"].id}],
            key_name="key",
            **self.disk(),
        )

    def log_in(self) -> None:
        """By a floating address."""
        sdk = self.sdk
        self.wait_until(self.server)
        (port,) = list(sdk.network.ports(device_id=self.server.id))
        addresses = [each["ip_address"] for each in port.fixed_ips]
        (fixed,) = [each for each in addresses if ":" not in each]
        self.floating = sdk.network.create_ip(
            floating_network_id=self.made["outside"].id,
            port_id=port.id,
            fixed_ip_address=fixed,
        )
        self.wait_until_ready(self.server)
        wait_for("a login", self.finds_a_way_in)
        mtu = self.ssh("cat /sys/class/net/eth0/mtu").stdout.strip()
        assert mtu == "1450", mtu
        assert self.ssh(f"echo {NOTE} > /root/note && sync").returncode == 0
        print(f"{self.name} is ready on {self.host()} at {self.address}", end=" ")
        print(f"by {self.router_host}")

    @property
    def address(self) -> str:
        return str(self.floating.floating_ip_address)

    def disk(self) -> dict[str, Any]:
        """What it boots from."""
        image_id = self.made["moving"].id
        if not self.is_rooted:
            return {"image_id": image_id}
        root = {
            "source_type": "image",
            "uuid": image_id,
            "destination_type": "volume",
            "boot_index": 0,
            "volume_size": 1,
            "delete_on_termination": True,
        }
        return {"block_device_mapping_v2": [root]}

    def finds_a_way_in(self) -> bool:
        """From the host that has the router, wherever the guest is."""
        for name in self.hosts:
            self.router_host = name
            if self.ssh("true").returncode == 0:
                return True
        return False

    def host(self) -> str:
        return str(self.show(self.server).compute_host)

    def other(self) -> str:
        (other,) = set(self.hosts) - {self.host()}
        return other

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """In the guest, from the host that has the router.  Under emulation, on a busy
        machine, a login takes its time."""
        return self.hosts[self.router_host].run(
            "ssh",
            *("-i", str(self.key), "-o", "StrictHostKeyChecking=no"),
            *("-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=20"),
            *("-o", "BatchMode=yes", f"root@{self.address}", command),
        )

    def move_while_it_runs(self) -> None:
        """A ping goes on meanwhile."""
        before, after = self.host(), self.other()
        uptime = float(self.ssh("cat /proc/uptime").stdout.split()[0])
        ping = subprocess.Popen(
            self.hosts[self.router_host].inside(
                "ping", "-i", PING_SECONDS, "-w", "300", self.address
            ),
            stdout=subprocess.PIPE,
            text=True,
        )
        began = time.monotonic()
        try:
            self.sdk.compute.live_migrate_server(
                self.server, host=None, force=False, block_migration="auto"
            )
            wait_for("moved", lambda: self.has_moved_to(after))
            self.wait_until(self.server)
            seconds = time.monotonic() - began
            time.sleep(2.0)
        finally:
            ping.send_signal(2)
            said, _ = ping.communicate(timeout=30)
        found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
        assert found is not None, said
        lost = int(found[1]) - int(found[2])
        print(
            f"{self.name} moved live from {before} to {after} in {seconds:.1f} s,",
            end=" ",
        )
        print(f"{lost} of {found[1]} pings lost")
        assert lost <= LOST_MAX, said
        self.reaches_its_router_by_ipv6()
        assert float(self.ssh("cat /proc/uptime").stdout.split()[0]) > uptime
        noted = self.ssh("cat /root/note")
        assert noted.stdout.strip() == NOTE, noted

    def has_moved_to(self, host: str) -> bool:
        """Whether it is there; a migration that failed is not waited for."""
        found = list(self.sdk.compute.migrations())
        failed = [each for each in found if each.status == "error"]
        assert not failed, failed
        return self.host() == host

    def reaches_its_router_by_ipv6(self) -> None:
        """Wherever that is."""
        ping = f"ping -6 -c 1 -W 2 {GATEWAY} || ping6 -c 1 -W 2 {GATEWAY}"
        wait_for("an answer by IPv6", lambda: self.ssh(ping).returncode == 0, 30.0)
        print(f"reaches its router by IPv6 from {self.host()}")

    def move_back_cold(self) -> None:
        """With its disk."""
        after = self.other()
        began = time.monotonic()
        self.sdk.compute.migrate_server(self.server)
        self.wait_until(self.server, "VERIFY_RESIZE")
        assert self.host() == after
        self.sdk.compute.confirm_server_resize(self.server)
        self.wait_until(self.server)
        wait_for("a login", lambda: self.ssh("true").returncode == 0)
        noted = self.ssh("cat /root/note")
        assert noted.stdout.strip() == NOTE, noted
        seconds = time.monotonic() - began
        print(f"{self.name} moved cold back to {after} in {seconds:.1f} s,", end=" ")
        print("its note is there")

    def go(self) -> None:
        """Away with it."""
        self.delete(self.server)
        self.sdk.network.delete_ip(self.floating)


def is_well(host: HostPlace) -> bool:
    """The doctor finds nothing on the host."""
    asked = host.doctor()
    assert asked.returncode in (0, 1), asked.stderr
    return asked.returncode == 0


def is_empty(host: HostPlace) -> bool:
    """No guest, no file of one, no tap and no tunnel.  (The cloud's own networks may
    have their router here.)"""
    links = host.run("ip", "-o", "link").stdout
    guests = host.settings.parent / host.name / "agent" / "guests"
    return not any(guests.iterdir()) and not re.search(r"\btap|\brsv-", links)


def main(directory: Path) -> None:
    """All of it: both boot at once, and then move one after the other."""
    disk = guest_disk()
    with two_hosts(directory) as (cloud, hosts), second_volume_host(directory, cloud):
        inside = Inside(cloud, hosts, directory)
        inside.lay(disk)
        plain = Moves(cloud, inside, "plain", is_rooted=False)
        rooted = Moves(cloud, inside, "rooted", is_rooted=True)
        for guest in (plain, rooted):
            guest.order()
        for guest in (plain, rooted):
            guest.log_in()
            guest.add_a_volume()
            guest.write_on()
            guest.move_while_it_runs()
            guest.move_the_volume()
            guest.grow_the_volume()
            guest.check_written()
            if not guest.is_rooted:
                guest.move_back_cold()
            guest.remove_the_volume()
            guest.go()
        inside.clear_away()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
