"""What guests live through while parts are away; run apart: python -m ... DIRECTORY

One cloud in four processes, one guest after the other:

* The object store is away while a lazy disk is read: the guest waits and goes on.
* The agent is killed in the middle of a snapshot's upload: the snapshot becomes whole.
* The agent is killed in the middle of a resize; the user reverts it.
* The agent of networks hangs while a server is built: it waits, or is deleted.
* The host's disk is full: what needs room says so, the guest runs on.
* A server is deleted in the middle of a snapshot, resize, rebuild and rescue.
* The agent hangs for longer than its lease while it builds.
* Leftovers of every kind lie on the host: the doctor shows and removes them.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from compute.cli.layout import STORE
from compute.core.jobs.store import LEASE_SECONDS
from test.functional.compute.halves import (
    AGENT,
    NETWORK_AGENT,
    HalvedCloud,
    halved_cloud,
)
from test.functional.compute.planted import plant
from test.functional.compute.real_guests import (
    DOCTOR_POLL_SECONDS,
    SECONDS_MAX,
    Guests,
    doctor,
    guest_disk,
    kill,
    processes,
    wait_for,
    wait_until_nothing_is_left,
)

# The agent's files are on a file system of their own, so that it can be filled: room
# for the promised GiB of a server, and no blocks kept for root.
DISK_MIB = 2200
# Stop orders do not wait for guests that still boot.  Between processes there is no
# bus here: agents see what there is to do only when they look.
AGENT_SECTION = {"hypervisor": "libvirt", "grace": "2 s", "lazy_from": "0"}
SECTIONS = {
    "agent": {**AGENT_SECTION, "look": "0.5"},
    "network-agent": {"look": "0.5"},
    "image": {"upload_lease": "5 s"},
}
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "binary",
}
# A guest whose disk failed tries again every five seconds.
OUTAGE_SECONDS = 8.0
WAITS_SECONDS = 3.0
END_POLL_SECONDS = 0.05
LOG_LINES = 60


class Outages(Guests):
    """One cloud that has them all."""

    def __init__(self, cloud: HalvedCloud) -> None:
        super().__init__(cloud)
        self.parts = cloud
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:6.1f} s  {text}", flush=True)

    # ---- away for a while --------------------------------------------------------

    def the_store_is_away(self) -> Any:
        """The guest that lives through it is given to the others."""
        server = self.boot("thirsty", "lazy")
        self.wait_until(server)
        self.parts.kill(STORE)
        time.sleep(OUTAGE_SECONDS)
        assert self.show(server).status == "ACTIVE"
        assert "guest ready" not in self.console(server), "it had no need of the store"
        self.parts.start(STORE)
        self.wait_until_ready(server)
        self.say("ready though the store was away")
        return server

    def the_disk_becomes_whole(self, server: Any) -> None:
        reads = f"disk of {server.id} still reads image"

        def is_alone() -> bool:
            said = doctor(self.cloud).stdout
            assert reads in said or "still reads" not in said, said
            return reads not in said

        wait_for("a disk alone", is_alone, poll_seconds=DOCTOR_POLL_SECONDS)
        self.sdk.image.delete_image(self.made["lazy"])
        assert self.sdk.image.find_image(self.made["lazy"].id) is None
        self.say("the disk is whole, its image deleted")

    def the_console_is_at_its_host(self, server: Any) -> None:
        """The API's process is another one than the guest's agent."""
        port = self.parts.ports[AGENT]
        compute = self.sdk.compute
        page = str(compute.create_console(server, console_type="novnc")["url"])
        assert page.startswith(f"http://127.0.0.1:{port}/console/"), page
        shown = self.sdk.session.get(page, authenticated=False, raise_exc=False)
        # The page comes from a package that not every host has.
        assert shown.status_code == 200 or "noVNC is not installed" in shown.text
        serial = str(compute.create_console(server, console_type="serial")["url"])
        address = f"ws://127.0.0.1:{port}"
        assert serial.startswith(f"{address}/console/"), serial
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", serial.removeprefix(address), headers=WEBSOCKET)
        assert connection.getresponse().status == 101
        connection.close()
        self.say("its console is where its host is")

    def the_agent_dies_in_an_upload(self, server: Any) -> None:
        # A store that hangs holds the upload where it is.
        image = self.sdk.compute.create_server_image(server, "broken-off")
        with self.parts.stopped(STORE):
            wait_for("a copy", lambda: self.copies(server))
            time.sleep(WAITS_SECONDS)
            self.parts.kill(AGENT)
        self.parts.start(AGENT)
        self.wait_until(server)
        found = self.sdk.image.get_image(image.id)
        assert found.status == "active", found.status
        assert found.size > 1 << 20
        assert not self.copies(server)
        self.sdk.image.delete_image(found)
        self.say("the snapshot is whole though its upload was broken off")

    def a_resize_is_killed_and_reverted(self, server: Any) -> None:
        before = processes("qemu-system")
        self.sdk.compute.resize_server(server, self.made["larger"])
        wait_for_end(before)
        self.parts.kill(AGENT)
        self.parts.start(AGENT)
        self.wait_until(server, "VERIFY_RESIZE")
        self.sdk.compute.revert_server_resize(server)
        self.wait_until(server)
        assert self.show(server).flavor["ram"] == self.made["flavor"].ram
        self.say("a killed resize was reverted")

    def the_hosts_disk_is_full(self, server: Any) -> None:
        with filled(self.cloud.place.state / "agent"):
            image = self.sdk.compute.create_server_image(server, "no-room")
            self.wait_until(server)
            wait_for("no image", lambda: self.sdk.image.find_image(image.id) is None)
            self.say("a snapshot without room left nothing")
            self.rescue(server)
            self.wait_until(server, "ACTIVE")
            self.say("a rescue without room left the guest as it was")
        self.rescue(server)
        self.wait_until(server, "RESCUE")
        self.sdk.compute.unrescue_server(server)
        self.wait_until(server)
        self.say("and both work again when there is room")

    def rescue(self, server: Any) -> None:
        """By an image that is still there: the server's own is not."""
        self.sdk.compute.rescue_server(server, image_ref=self.made["kept"].id)

    def the_network_agent_hangs(self) -> Any:
        with self.parts.stopped(NETWORK_AGENT):
            deleted = self.boot("unwired", "kept")
            time.sleep(WAITS_SECONDS)
            assert self.show(deleted).status == "BUILD"
            self.delete(deleted)
            self.say("deleted while it was built")
            server = self.boot("patient", "kept")
            time.sleep(WAITS_SECONDS)
            assert self.show(server).status == "BUILD"
        self.wait_until(server)
        self.say("active though the network agent hung")
        return server

    # ---- deleted in the middle -------------------------------------------------------

    def deleted_in_the_middle(self, first: Any) -> None:
        compute = self.sdk.compute
        acts: dict[str, Callable[[Any], Any]] = {
            "snapshot": lambda server: compute.create_server_image(server, "never"),
            "resize": lambda server: compute.resize_server(server, self.made["larger"]),
            "rebuild": lambda server: compute.rebuild_server(
                server, image=self.made["kept"].id
            ),
            "rescue": compute.rescue_server,
        }
        for name, act in acts.items():
            server = first if name == "snapshot" else self.boot(name, "kept")
            self.wait_until(server)
            before = processes("qemu-system")
            act(server)
            if name == "snapshot":
                wait_for("a copy", lambda: self.copies(server))  # noqa: B023
            else:
                wait_for_end(before)
            self.delete(server)
            assert not processes("qemu-system"), name
            assert not self.directories(), name
            self.say(f"deleted in the middle of {name}")
        assert [
            image.name for image in self.sdk.image.images() if image.name == "never"
        ] == []

    def copies(self, server: Any) -> bool:
        """Whether a copy of the server's disk is there, or being made."""
        guests = self.cloud.place.state / "agent" / "guests"
        return any((guests / server.id).glob("*capture-*"))

    def directories(self) -> list[str]:
        guests = self.cloud.place.state / "agent" / "guests"
        return [path.name for path in guests.iterdir()]

    # ---- asleep, and left behind ---------------------------------------------------

    def the_agent_sleeps_past_its_lease(self) -> None:
        """The network's agent sleeps too: nobody clears away what is planted."""
        with self.parts.stopped(NETWORK_AGENT):
            server = self.boot("sleeper", "kept")
            wait_for("disks", lambda: server.id in self.directories())
            with self.parts.stopped(AGENT):
                slept = time.monotonic() + LEASE_SECONDS + 2
                self.the_doctor_repairs()
                time.sleep(max(0.0, slept - time.monotonic()))
        self.wait_until(server)
        assert len(processes("qemu-system")) == 1
        self.say("active though the agent slept past its lease")
        self.delete(server)

    def the_doctor_repairs(self) -> None:
        planted = plant(self.parts, self)
        found = self.findings()
        names = " ".join(f"{each['detail']} {each['name']}" for each in found)
        for kind, name in planted.items():
            assert name in names, (kind, name, found)
        repaired = doctor(self.cloud, "--repair")
        assert repaired.returncode == 0, repaired.stdout + repaired.stderr
        again = self.findings()
        assert again == [], again
        self.say(f"the doctor removed: {', '.join(sorted(planted))}")

    def findings(self) -> list[dict[str, str]]:
        """What the doctor lists."""
        said = doctor(self.cloud, "--json")
        assert said.stdout, said.stderr
        found: list[dict[str, str]] = json.loads(said.stdout)
        return found

    def clear_away(self) -> None:
        self.sdk.image.delete_image(self.made["kept"])
        self.sdk.network.delete_network(self.made["network"])
        self.say(wait_until_nothing_is_left(self.cloud))


def wait_for_end(guests: list[int]) -> None:
    """The guest of before has ended; what comes after it has hardly begun."""
    until = time.monotonic() + SECONDS_MAX
    while any(Path(f"/proc/{pid}").exists() for pid in guests):
        assert time.monotonic() < until, "the guest was not stopped"
        time.sleep(END_POLL_SECONDS)


@contextmanager
def filled(directory: Path) -> Iterator[None]:
    """Not a byte is left on that file system but what guests need to run on."""
    path = directory / "filler"
    space = os.statvfs(directory)
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, (space.f_bavail - 2048) * space.f_frsize)
    try:
        yield
    finally:
        path.unlink()


def _mount(image: Path, place: Path) -> None:
    """A file system in a sparse file; it is unmounted with our namespace."""
    place.mkdir(parents=True)
    with image.open("wb") as file:
        file.truncate(DISK_MIB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-F", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)


def main(directory: Path) -> None:
    """All of it."""
    disk = guest_disk()
    _mount(directory / "disk.ext4", directory / "c" / "cloud" / "agent")
    with halved_cloud(directory / "c", SECTIONS) as cloud:
        try:
            days = Outages(cloud)
            days.prepare(disk, "lazy", "kept")
            server = days.the_store_is_away()
            days.the_disk_becomes_whole(server)
            days.the_console_is_at_its_host(server)
            days.the_agent_dies_in_an_upload(server)
            days.a_resize_is_killed_and_reverted(server)
            days.the_hosts_disk_is_full(server)
            days.delete(server)
            server = days.the_network_agent_hangs()
            days.deleted_in_the_middle(server)
            days.the_agent_sleeps_past_its_lease()
            days.clear_away()
        except BaseException:
            for name in cloud.parts:
                lines = cloud.log(name).splitlines()
                told = [
                    line for line in lines if "HTTP" not in line and ' - "' not in line
                ]
                print(f"---- {name}", *told[-LOG_LINES:], sep="\n")
            raise
        finally:
            kill("qemu-system", "libvirtd")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
