"""Bad days with real guests; run apart: python -m ... DIRECTORY

* An image is deleted while a guest's lazy disk reads it: the guest boots on, the bytes
  go when the disk stands alone.
* The cloud is killed while a guest starts: the server becomes ACTIVE all the same.
* libvirtd is killed while a guest starts: likewise.
* The power goes: cloud, libvirtd, guest and its tap at once.  The guest boots again.
* In the end the doctor finds nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from compute.cli.layout import CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess, is_taken
from test.functional.compute.house import RunningCloud
from test.functional.compute.real_guests import (
    Guests,
    guest_disk,
    kill,
    processes,
    wait_for,
    wait_until_nothing_is_left,
)
from test.functional.harness.ports import free_ports

LAZY = {"lazy_from": "0"}  # the small guest too
SECTIONS = {"agent": {"hypervisor": "libvirt", "ends_with_us": "yes", **LAZY}}


class BadDays(Guests):
    """One cloud that has them all."""

    def __init__(self, cloud: RunningCloud, server: ServerProcess) -> None:
        super().__init__(cloud)
        self._server = server

    def an_image_is_deleted_while_it_is_read(self) -> None:
        server = self.boot("reader", "gone")
        self.wait_until(server)
        self.sdk.image.delete_image(self.made["gone"])
        print("deleted the image")
        self.wait_until_ready(server)
        print("and its guest got ready")
        self.delete(server)

    def the_cloud_is_killed(self) -> None:
        server = self.boot("orphan", "kept")
        os.kill(self._server.pid, signal.SIGKILL)
        self._server.stop()
        self.start_again()
        self.wait_until(server)
        print("active though the cloud was killed")
        self.delete(server)

    def start_again(self) -> None:
        """When the worker, which nobody waits for, has let go of the port."""
        port = self.cloud.place.plan.port
        wait_for("the worker gone", lambda: not is_taken(port))
        self._server.start()

    def libvirtd_is_killed(self) -> None:
        server = self.boot("abandoned", "kept")
        wait_for("a guest that starts", lambda: bool(processes("qemu-system")))
        kill("libvirtd")
        self.wait_until(server)
        self.wait_until_ready(server)
        print("ready though libvirtd was killed")
        self.the_power_goes(server)
        self.delete(server)

    def the_power_goes(self, server: Any) -> None:
        (port,) = self.sdk.network.ports(device_id=server.id)
        kill("python", "libvirtd", "qemu-system")
        self._server.stop()
        subprocess.run(["ip", "link", "delete", f"tap{port.id[:11]}"], check=True)
        self.start_again()
        self.wait_until_ready(server, times=2)
        assert self.show(server).status == "ACTIVE"
        print("ready again after a power cut")

    def clear_away(self) -> None:
        self.sdk.image.delete_image(self.made["kept"])
        self.sdk.network.delete_network(self.made["network"])
        print(wait_until_nothing_is_left(self.cloud))


def main(directory: Path) -> None:
    """All of it."""
    disk = guest_disk()
    port, store_port, node_port = free_ports(3)
    plan = CloudPlan(port, store_port, node_port, sections=SECTIONS)
    place = lay_out_cloud(directory / "c", plan)
    server = place.server(outlives_us=False)
    try:
        with server.running():
            days = BadDays(RunningCloud(place), server)
            days.prepare(disk, "kept", "gone")
            days.an_image_is_deleted_while_it_is_read()
            days.the_cloud_is_killed()
            days.libvirtd_is_killed()
            days.clear_away()
    except BaseException:
        lines = place.log.read_text("utf-8").splitlines()
        # At once: what went wrong is told after it.
        print(
            "\n".join([line for line in lines if '" 2' not in line][-40:]), flush=True
        )
        raise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
