"""Bad days with real guests; run apart: python -m ... DIRECTORY

* An image is deleted while a guest's lazy disk reads it: the guest boots on, the bytes
  go when the disk stands alone.
* The cloud is killed while a guest starts: the server becomes ACTIVE all the same.
* libvirtd is killed while a guest starts: likewise.
* In the end the doctor finds nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openstack.connection import Connection

from compute.cli.layout import CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import RunningCloud
from test.functional.compute.tutorial import HOME
from test.functional.harness.ports import free_ports

SECONDS_MAX = 120.0
POLL_SECONDS = 0.5
READY = "guest ready"
SECTIONS = {"agent": {"hypervisor": "libvirt", "ends_with_us": "yes"}}


def wait_for(what: str, found: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS_MAX
    while not found():
        if time.monotonic() > until:
            raise AssertionError(f"not within {SECONDS_MAX:g} s: {what}")
        time.sleep(POLL_SECONDS)


class BadDays:
    """One cloud that has them all."""

    def __init__(self, cloud: RunningCloud, server: ServerProcess) -> None:
        self._cloud = cloud
        self._server = server
        self._sdk: Connection = cloud.sdk()
        self._made: dict[str, Any] = {}

    def prepare(self, disk: Path) -> None:
        sdk = self._sdk
        for name in ("kept", "gone"):
            self._made[name] = sdk.create_image(
                name, filename=str(disk), disk_format="qcow2", container_format="bare"
            )
        network = sdk.network.create_network(name="bad")
        sdk.network.create_subnet(
            network_id=network.id, cidr="10.40.0.0/24", ip_version=4
        )
        self._made["network"] = network
        self._made["flavor"] = sdk.compute.create_flavor(
            name="bad", ram=160, vcpus=1, disk=1
        )

    def boot(self, name: str, image: str) -> Any:
        return self._sdk.compute.create_server(
            name=name,
            image_id=self._made[image].id,
            flavor_id=self._made["flavor"].id,
            networks=[{"uuid": self._made["network"].id}],
        )

    def wait_until_active(self, server: Any) -> None:
        def status() -> str:
            return str(self._sdk.compute.get_server(server.id).status)

        wait_for(f"{server.name} stable", lambda: status() in ("ACTIVE", "ERROR"))
        assert status() == "ACTIVE", self._sdk.compute.get_server(server.id).fault

    def wait_until_ready(self, server: Any) -> None:
        def said() -> str:
            output = self._sdk.compute.get_server_console_output(server)
            return str(output["output"] or "")

        wait_for(f"{server.name} ready", lambda: READY in said())

    def delete(self, server: Any) -> None:
        self._sdk.compute.delete_server(server)
        self._sdk.compute.wait_for_delete(server, interval=POLL_SECONDS, wait=60)

    def an_image_is_deleted_while_it_is_read(self) -> None:
        server = self.boot("reader", "gone")
        self.wait_until_active(server)
        self._sdk.image.delete_image(self._made["gone"])
        print("deleted the image")
        self.wait_until_ready(server)
        print("and its guest got ready")
        self.delete(server)

    def the_cloud_is_killed(self) -> None:
        server = self.boot("orphan", "kept")
        os.kill(self._server.pid, signal.SIGKILL)
        self._server.stop()
        port = self._cloud.place.plan.port
        wait_for("the worker gone", lambda: not answers(port))
        self._server.start()
        self.wait_until_active(server)
        print("active though the cloud was killed")
        self.delete(server)

    def libvirtd_is_killed(self) -> None:
        server = self.boot("abandoned", "kept")
        wait_for("a guest that starts", lambda: bool(processes("qemu-system")))
        for pid in processes("libvirtd"):
            os.kill(pid, signal.SIGKILL)
        self.wait_until_active(server)
        self.wait_until_ready(server)
        print("ready though libvirtd was killed")
        self.delete(server)

    def clear_away(self) -> None:
        sdk = self._sdk
        sdk.image.delete_image(self._made["kept"])
        sdk.network.delete_network(self._made["network"])
        doctor = [sys.executable, "-m", "compute.cli", "doctor"]
        settings = str(self._cloud.place.settings_file)

        def is_well() -> bool:
            # What was just deleted takes a sweep to go.
            return subprocess.run([*doctor, settings]).returncode == 0

        wait_for("nothing left behind", is_well)


def processes(name: str) -> list[int]:
    """The processes of that program in our namespace."""
    found = subprocess.run(["pgrep", "-f", f"^[^ ]*{name}"], capture_output=True)
    return [int(pid) for pid in found.stdout.split()]


def main(directory: Path) -> None:
    """All of it."""
    subprocess.run([HOME / "bin/build-guest-image", directory / "guest"], check=True)
    port, store_port, node_port = free_ports(3)
    plan = CloudPlan(port, store_port, node_port, sections=SECTIONS)
    place = lay_out_cloud(directory / "c", plan)
    server = place.server(outlives_us=False)
    try:
        with server.running():
            days = BadDays(RunningCloud(place), server)
            days.prepare(directory / "guest" / "guest-disk.qcow2")
            days.an_image_is_deleted_while_it_is_read()
            days.the_cloud_is_killed()
            days.libvirtd_is_killed()
            days.clear_away()
    except BaseException:
        lines = place.log.read_text("utf-8").splitlines()
        print("\n".join([line for line in lines if '" 2' not in line][-40:]))
        raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
