"""Servers that are containers; run apart: python -m ... DIRECTORY

* One boots from the ring, lazily; learns who it is from the metadata service; is on
  the host nobody; is asked for what no container can.
* It gets a volume, makes a file system in it, and has its files when it gets it again.
* It is rescued, with its own files beside.
* Its security group keeps everybody out until a rule lets them in.
* It is snapshot while it runs, and its snapshot boots, with a config drive.
* It is paused, stopped, started, rebooted.
* The cloud is killed while one starts: it becomes ACTIVE all the same.
* In the end nothing is left.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from compute.cli.layout import CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import (
    Guests,
    guest_disk,
    processes,
    wait_for,
    wait_until_nothing_is_left,
)
from test.functional.harness.ports import free_ports

SECTIONS = {
    "agent": {"hypervisor": "lxc", "ends_with_us": "yes", "lazy_from": "0"},
    "volume": {"ends_with_us": "yes"},
}
WRITES = """#!/bin/sh
echo written-by-one >/root/mark; sync; echo told=$((6*7))
(
until [ -e /dev/vdb ]; do sleep 0.2; done
mke2fs -q -F /dev/vdb && sync && echo === made files >/dev/console
until [ -d /media/vdb ]; do sleep 0.2; done
until echo kept >/media/vdb/note; do sleep 0.2; done
echo === wrote files >/dev/console
) &
"""
READS = "#!/bin/sh\necho found $(cat /root/mark)\n"


class Containers(Guests):
    """One cloud of them."""

    def __init__(self, cloud: RunningCloud, server: ServerProcess) -> None:
        super().__init__(cloud)
        self._server = server

    def boot_with(self, name: str, image: str, script: str, **more: Any) -> Any:
        """Ask for a server that runs that once."""
        return self.sdk.compute.create_server(
            name=name,
            image_id=self.made[image].id,
            flavor_id=self.made["flavor"].id,
            networks=[{"uuid": self.made["network"].id}],
            user_data=base64.b64encode(script.encode()).decode(),
            **more,
        )

    def one_boots(self) -> Any:
        began = time.monotonic()
        server = self.boot_with("one", "image", WRITES)
        self.wait_until(server)
        self.wait_until_ready(server)
        print(f"ready after {time.monotonic() - began:.1f} s")
        wait_for("user data", lambda: "told=42" in self.console(server))
        said = self.console(server)
        assert "source=openstack" in said and f"id={server.id}" in said, said
        [host] = self.cloud.openstack("hypervisor", "list")
        assert host["Hypervisor Type"] == "LXC"
        [init] = processes("/sbin/init") or processes("init")
        status = Path(f"/proc/{init}/status").read_text("ascii")
        owner = next(line for line in status.splitlines() if line.startswith("Uid:"))
        assert int(owner.split()[1]) >= 0x4000_0000, owner
        print("its root is nobody here")
        return server

    def what_no_container_can(self, server: Any) -> None:
        for words in (
            ("server", "suspend", server.id),
            ("server", "migrate", "--live-migration", server.id),
            ("console", "url", "show", "--novnc", server.id),
        ):
            said = self.cloud.run_openstack(*words, expected=None)
            assert said.status and "409" in said.text + said.errors, (words, said)
        shown = self.show(server)
        assert shown.status == "ACTIVE" and shown.task_state is None
        print("refused what no container can")

    def it_gets_a_volume(self, server: Any) -> None:
        compute, volumes = self.sdk.compute, self.sdk.block_storage
        volume = volumes.create_volume(name="v", size=1)
        is_free = partial(self._is_free, volume.id)
        wait_for("a volume", is_free)
        for told in ("=== made files", "=== wrote files"):
            compute.create_volume_attachment(server, volume_id=volume.id)
            wait_for(told, partial(self._has_said, server, told))
            compute.delete_volume_attachment(server, volume.id)
            wait_for("it is free", is_free)
        volumes.delete_volume(volume.id)
        print("a volume, first a device, then files")

    def _has_said(self, server: Any, words: str) -> bool:
        return words in self.console(server)

    def _is_free(self, volume_id: str) -> bool:
        volume = self.sdk.block_storage.get_volume(volume_id)
        return bool(volume.status == "available")

    def it_is_rescued(self, server: Any) -> None:
        self.sdk.compute.rescue_server(server)
        self.wait_until(server, "RESCUE")
        agent = self.cloud.place.state / "agent" / "containers" / server.id
        beside = agent / "drives" / "vdb" / "tree" / "root" / "mark"
        assert beside.read_text("ascii").strip() == "written-by-one"
        self.sdk.compute.unrescue_server(server)
        self.wait_until(server)
        print("rescued, its files beside")

    def its_group_guards_it(self, server: Any) -> None:
        address = self.show(server).addresses["bad"][0]["addr"]
        assert not self._is_heard(address)
        project = self.sdk.current_project_id
        [group] = self.sdk.network.security_groups(name="default", project_id=project)
        rule = self.sdk.network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            protocol="icmp",
            ether_type="IPv4",
        )
        wait_for("the rule lets in", lambda: self._is_heard(address))
        self.sdk.network.delete_security_group_rule(rule)
        wait_for("and no more", lambda: not self._is_heard(address))
        print("guarded by its security group")

    def _is_heard(self, address: str) -> bool:
        namespace = f"rs-dhcp-{self.made['network'].id}"
        ping = ["ping", "-c1", "-W1", address]
        asked = ["ip", "netns", "exec", namespace, *ping]
        return subprocess.run(asked, capture_output=True).returncode == 0

    def its_snapshot_boots(self, server: Any) -> None:
        image = self.sdk.compute.create_server_image(server, "snapshot", wait=True)
        self.made["snapshot"] = image
        self.wait_until(server)
        copy = self.boot_with("two", "snapshot", READS, config_drive=True)
        self.wait_until(copy)
        self.wait_until_ready(copy)
        wait_for("its mark", lambda: "found written-by-one" in self.console(copy))
        assert "source=configdrive" in self.console(copy)
        print("its snapshot boots, with what it had written")
        self.delete(copy)
        self.sdk.image.delete_image(image.id)

    def it_lives(self, server: Any) -> None:
        compute = self.sdk.compute
        compute.pause_server(server)
        wait_for("paused", lambda: self.show(server).status == "PAUSED")
        compute.unpause_server(server)
        self.wait_until(server)
        compute.stop_server(server)
        self.wait_until(server, "SHUTOFF")
        compute.start_server(server)
        self.wait_until(server)
        self.wait_until_ready(server, 2)
        compute.reboot_server(server, "HARD")
        self.wait_until(server)
        self.wait_until_ready(server, 3)
        print("paused, stopped, started, rebooted")
        self.delete(server)

    def the_cloud_is_killed(self) -> None:
        server = self.boot("orphan", "image")
        wait_for("a disk", lambda: bool(processes("qemu-storage-daemon")), 30, 0.02)
        os.kill(self._server.pid, signal.SIGKILL)
        self._server.stop()
        port = self.cloud.place.plan.port
        wait_for("the worker gone", lambda: not answers(port))
        self._server.start()
        self.wait_until(server)
        self.wait_until_ready(server)
        print("ready though the cloud was killed")
        self.delete(server)

    def clear_away(self) -> None:
        self.sdk.image.delete_image(self.made["image"])
        self.sdk.network.delete_network(self.made["network"])
        print(wait_until_nothing_is_left(self.cloud))
        agent = self.cloud.place.state / "agent"
        assert list((agent / "containers").iterdir()) == []
        mounts = Path("/proc/self/mountinfo").read_text("utf-8")
        assert f"{agent}/containers/" not in mounts, mounts
        loops = subprocess.run(["losetup", "-a"], capture_output=True, text=True)
        assert str(agent) not in loops.stdout, loops.stdout
        for name in ("qemu-storage-daemon", "/usr/lib/libvirt/libvirt_lxc"):
            assert processes(name) == []


def main(directory: Path) -> None:
    """All of it."""
    disk = guest_disk()
    port, store_port, node_port = free_ports(3)
    plan = CloudPlan(port, store_port, node_port, sections=SECTIONS)
    place = lay_out_cloud(directory / "c", plan)
    server = place.server(outlives_us=False)
    try:
        with server.running():
            all_of_it = Containers(RunningCloud(place), server)
            all_of_it.prepare(disk, "image")
            one = all_of_it.one_boots()
            all_of_it.what_no_container_can(one)
            all_of_it.it_gets_a_volume(one)
            all_of_it.its_group_guards_it(one)
            all_of_it.its_snapshot_boots(one)
            all_of_it.it_is_rescued(one)
            all_of_it.it_lives(one)
            all_of_it.the_cloud_is_killed()
            all_of_it.clear_away()
    except BaseException:
        lines = place.log.read_text("utf-8").splitlines()
        print("\n".join([line for line in lines if '" 2' not in line][-40:]))
        raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
