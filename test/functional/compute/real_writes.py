"""A guest that writes number after number to a volume, wherever that is."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import Guests, wait_for

NOTE = "written-before-the-move"
FIRST_SECTOR = 8
GROWN_GIB = 2
WRITE = (
    "i=0; while [ ! -e /stop ]; do"
    " echo $((i+1)) | dd of=/dev/vdb bs=512 count=1 conv=sync,notrunc,fsync"
    f" seek=$((i+{FIRST_SECTOR})); i=$((i+1)); echo $i > /count; sleep 0.1; done;"
    " touch /stopped"
)


class WritingGuest(Guests):
    """One guest, and its volume."""

    def __init__(self, cloud: RunningCloud) -> None:
        super().__init__(cloud)
        self.name = ""
        self.server: Any = None
        self.volume: Any = None

    def ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        """In the guest."""
        raise NotImplementedError

    def add_a_volume(self) -> None:
        """It lies on neither host."""
        volumes = self.sdk.block_storage
        volume = self.volume = volumes.create_volume(size=1, name="data")
        self.wait_for_volume("available")
        self.sdk.compute.create_volume_attachment(self.server, volume_id=volume.id)
        self.wait_for_volume("in-use")
        # Before the guest has seen it, that name would become a file of its memory.
        there = "test -b /dev/vdb"
        wait_for("its disk", lambda: self.ssh(there).returncode == 0)
        assert self.ssh(f"echo {NOTE} > /dev/vdb && sync").returncode == 0

    def write_on(self) -> None:
        """Number after number to the volume, a sector each, until told to stop."""
        start = "(setsid sh /root/write || sh /root/write) </dev/null >/dev/null 2>&1 &"
        done = self.ssh(f"echo '{WRITE}' > /root/write; {start}")
        assert done.returncode == 0, done
        wait_for("a write", lambda: bool(self.ssh("cat /count").stdout.strip()))

    def move_the_volume(self, dies: Callable[[], None] = lambda: None) -> None:
        """To another volume host, while the guest writes to it and somebody dies."""
        volumes, volume = self.sdk.block_storage, self.volume
        before = volumes.get_volume(volume.id).host
        pools = {each.name for each in volumes.backend_pools()}
        (after,) = pools - {before}
        began = time.monotonic()
        volumes.migrate_volume(volume.id, host=after)
        dies()
        wait_for("it has moved", lambda: self.has_volume_at(after))
        seconds = time.monotonic() - began
        print(f"{self.name}'s volume moved from {before} to {after}", end=" ")
        print(f"in {seconds:.1f} s while it wrote")
        found = volumes.get_volume(volume.id)
        assert (found.status, len(found.attachments)) == ("in-use", 1), found

    def has_volume_at(self, pool: str) -> bool:
        """Whether it is there, and nothing is left where it was."""
        found = self.sdk.block_storage.get_volume(self.volume.id)
        assert found.migration_status != "error", found
        return (found.host, found.migration_status) == (pool, "success")

    def grow_the_volume(self) -> None:
        """The guest sees it, by its relay to another host, and loses no write."""
        volume = self.volume
        began = time.monotonic()
        self.sdk.block_storage.extend_volume(volume, GROWN_GIB)
        wanted = str(GROWN_GIB << 21)  # sectors
        size = "cat /sys/block/vdb/size"
        wait_for("the new size", lambda: self.ssh(size).stdout.strip() == wanted)
        seconds = time.monotonic() - began
        print(f"{self.name} sees its volume's new size after {seconds:.1f} s")
        self.wait_for_volume("in-use")

    def check_written(self) -> None:
        """It wrote on, here as there, and every number is on the volume."""
        before = int(self.ssh("cat /count").stdout)
        wait_for("more", lambda: int(self.ssh("cat /count").stdout or 0) > before)
        self.ssh("touch /stop")
        wait_for("its end", lambda: self.ssh("cat /stopped").returncode == 0)
        last = int(self.ssh("cat /count").stdout)
        read = f"dd if=/dev/vdb bs=512 skip={FIRST_SECTOR} count={last}"
        found = self.ssh(f"{read} 2>/dev/null | tr -d '\\0'").stdout.split()
        assert found == [str(number) for number in range(1, last + 1)], found[-5:]
        print(f"{self.name}: its {last} writes to the volume are there")

    def wait_for_volume(self, status: str) -> None:
        found = self.volume.id
        volumes = self.sdk.block_storage
        wait_for(status, lambda: bool(volumes.get_volume(found).status == status))

    def remove_the_volume(self) -> None:
        """What the guest wrote on the one host it reads on the other."""
        note = self.ssh(f"head -c {len(NOTE)} /dev/vdb").stdout
        assert note == NOTE, note
        volume = self.volume
        self.sdk.compute.delete_volume_attachment(self.server, volume)
        self.wait_for_volume("available")
        self.sdk.block_storage.delete_volume(volume.id)
        print(f"{self.name}: its volume came along")
