"""Containers that get another host, size or image; run apart: python -m ... DIRECTORY

Two hosts, one server, the unmodified ``openstack``.  It looks for ways to its host and
leaves a note, which it has after each move of its disk; it is built anew where its host
has died.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import READY, Guests, guest_disk, wait_for
from test.functional.compute.two_hosts import HostPlace, two_hosts

# Opened, never written: had one of them a way, it would lead to this machine.
DOORS = (
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/vm/drop_caches",
    "/sys/power/state",
    "/sys/fs/cgroup/*/memory.limit_in_bytes",
    "/sys/fs/cgroup/*/cpu.cfs_quota_us",
    "/sys/fs/cgroup/*/devices.allow",
    "/dev/loop*",
    "/dev/mem",
)
SCRIPT = f"""#!/bin/sh
for door in {" ".join(DOORS)}; do
  [ -e $door ] && (: >>$door) 2>/dev/null && echo way-out=$door
done
mknod /root/disk b 7 0 2>/dev/null && echo way-out=mknod
echo looked-around
echo mine >/root/note
sync
"""
FIRST_GIB, GROWN_GIB = 1, 2


class Moves(Guests):
    """One container and two hosts."""

    def __init__(self, cloud: RunningCloud, hosts: dict[str, HostPlace]) -> None:
        super().__init__(cloud)
        self.hosts = hosts
        self.server: Any = None

    def do(self, *words: str, then: str) -> None:
        """``openstack server ...``, until that has come of it."""
        self.cloud.openstack("server", *words, self.server.id)
        if then == "SHELVED_OFFLOADED":
            wait_for(then, lambda: bool(self.show(self.server).status == then))
            return
        self.wait_until(self.server, then)
        if then != "SHUTOFF":
            wait_for("ready", lambda: READY in self.console(self.server))

    def boot_one(self) -> None:
        self.server = self.sdk.compute.create_server(
            name="one",
            image_id=self.made["image"].id,
            flavor_id=self.made["flavor"].id,
            networks=[{"uuid": self.made["network"].id}],
            user_data=base64.b64encode(SCRIPT.encode()).decode(),
        )
        self.wait_until(self.server)
        wait_for("its look", lambda: "looked-around" in self.console(self.server))
        said = self.console(self.server)
        assert "way-out" not in said, said
        print("it found no way out")

    def host(self) -> str:
        return str(self.show(self.server).compute_host)

    def on_its_disk(self) -> tuple[str, int]:
        """Its note, and how large the file system is, in GiB."""
        guest = self.hosts[self.host()].settings.parent / self.host() / "agent"
        tree = guest / "containers" / self.server.id / "tree"
        inside = self.hosts[self.host()].within
        note = inside("cat", str(tree / "root" / "note"))
        said = subprocess.run(note, capture_output=True, text=True).stdout.strip()
        size = inside("stat", "--file-system", "--format=%b %S", str(tree))
        blocks = subprocess.run(size, capture_output=True, text=True, check=True)
        count, length = map(int, blocks.stdout.split())
        return said, round(count * length / (1 << 30))

    def moves_cold(self) -> None:
        before = self.host()
        self.do("migrate", then="VERIFY_RESIZE")
        assert self.host() != before
        self.do("resize", "confirm", then="ACTIVE")
        assert self.on_its_disk() == ("mine", FIRST_GIB)
        print("moved cold, with what it had written")

    def is_resized(self) -> None:
        grow = ("resize", "--flavor", "grown")
        self.do(*grow, then="VERIFY_RESIZE")
        self.do("resize", "revert", then="ACTIVE")
        assert self.on_its_disk() == ("mine", FIRST_GIB)
        self.do(*grow, then="VERIFY_RESIZE")
        self.do("resize", "confirm", then="ACTIVE")
        assert self.on_its_disk() == ("mine", GROWN_GIB)
        print("resized, and back, and resized")

    def is_shelved(self) -> None:
        self.do("shelve", then="SHELVED_OFFLOADED")
        self.do("unshelve", then="ACTIVE")
        assert self.on_its_disk() == ("mine", GROWN_GIB)
        print("shelved and unshelved")

    def is_rebuilt(self) -> None:
        self.do("rebuild", then="ACTIVE")
        said = self.on_its_disk()
        assert said[1] == GROWN_GIB, said
        print("rebuilt")

    def its_host_dies(self) -> None:
        lost = self.host()
        os.kill(self.hosts[lost].pid, signal.SIGKILL)
        wait_for("it is missed", partial(self._is_down, lost))
        # So does version 2.95: evacuated servers wait for their owners.
        self.do("evacuate", then="SHUTOFF")
        assert self.host() != lost
        self.do("start", then="ACTIVE")
        print("evacuated")

    def _is_down(self, host: str) -> bool:
        services = self.cloud.openstack("compute", "service", "list")
        return any(s["Host"] == host and s["State"] == "down" for s in services)


def main(directory: Path) -> None:
    """All of it."""
    with two_hosts(directory, hypervisor="lxc") as (cloud, hosts):
        moves = Moves(cloud, hosts)
        moves.prepare(guest_disk(), "image")
        size = ("--ram", "192", "--disk", str(GROWN_GIB))
        cloud.openstack("flavor", "create", *size, "grown")
        moves.boot_one()
        moves.moves_cold()
        moves.is_resized()
        moves.is_shelved()
        moves.is_rebuilt()
        moves.its_host_dies()
        moves.delete(moves.server)
        print("deleted")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
