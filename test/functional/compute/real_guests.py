"""Real guests of a running cloud, as tests on a host of their own need them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud
from test.guest_image import DISK, guest_image

SECONDS_MAX = 120.0
POLL_SECONDS = 0.5
# Python is started for each question to the doctor: guests go slowly meanwhile.
DOCTOR_POLL_SECONDS = 3.0
READY = "guest ready"
STABLE = ("ACTIVE", "ERROR", "VERIFY_RESIZE", "SHUTOFF", "RESCUE")


def wait_for(
    what: str,
    found: Callable[[], bool],
    seconds_max: float = SECONDS_MAX,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Look until it is so."""
    until = time.monotonic() + seconds_max
    while not found():
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds_max:g} s: {what}")
        time.sleep(poll_seconds)


def guest_disk() -> Path:
    """The small guest's disk."""
    return guest_image() / DISK


class Guests:
    """What servers are made of, and what users do with them."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.sdk: Connection = cloud.sdk()
        self.made: dict[str, Any] = {}

    def prepare(self, disk: Path, *images: str) -> None:
        """Images of that disk, a network, two flavors."""
        sdk = self.sdk
        for name in images:
            self.made[name] = sdk.create_image(
                name, filename=str(disk), disk_format="qcow2", container_format="bare"
            )
        network = sdk.network.create_network(name="bad")
        sdk.network.create_subnet(
            network_id=network.id, cidr="10.40.0.0/24", ip_version=4
        )
        self.made["network"] = network
        for name, memory in (("flavor", 160), ("larger", 192)):
            self.made[name] = sdk.compute.create_flavor(
                name=name, ram=memory, vcpus=1, disk=1
            )

    def make_key(self, path: Path) -> None:
        """A key pair ("key") to let servers be entered with; its secret half there."""
        private = Ed25519PrivateKey.generate()
        path.touch(mode=0o600)
        path.write_bytes(
            private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        )
        public = private.public_key().public_bytes(
            Encoding.OpenSSH, PublicFormat.OpenSSH
        )
        self.sdk.compute.create_keypair(
            name="key", public_key=public.decode(), type="ssh"
        )

    def lead_outside(self) -> None:
        """A router ("router") to the network outside ("outside")."""
        network = self.sdk.network
        outside = next(iter(network.networks(is_router_external=True)))
        router = network.create_router(
            name="r", external_gateway_info={"network_id": outside.id}
        )
        self.made |= {"router": router, "outside": outside}

    def boot(self, name: str, image: str) -> Any:
        """Ask for a server."""
        return self.sdk.compute.create_server(
            name=name,
            image_id=self.made[image].id,
            flavor_id=self.made["flavor"].id,
            networks=[{"uuid": self.made["network"].id}],
        )

    def show(self, server: Any) -> Any:
        """The server as it is now."""
        return self.sdk.compute.get_server(server.id)

    def wait_until(self, server: Any, status: str = "ACTIVE") -> None:
        """Stable, and that."""

        def settled() -> bool:
            shown = self.show(server)
            return shown.task_state is None and shown.status in STABLE

        wait_for(f"{server.name} stable", settled)
        shown = self.show(server)
        assert shown.status == status, (shown.status, shown.fault)

    def console(self, server: Any) -> str:
        """What it has said."""
        output = self.sdk.compute.get_server_console_output(server)
        return str(output["output"] or "")

    def wait_until_ready(self, server: Any, times: int = 1) -> None:
        """Booted, for the n-th time."""
        wait_for(
            f"{server.name} ready",
            lambda: self.console(server).count(READY) >= times,
        )

    def delete(self, server: Any) -> None:
        """Until it is gone."""
        self.sdk.compute.delete_server(server)
        self.wait_until_gone(server)

    def wait_until_gone(self, server: Any) -> None:
        """Deleted."""
        wait_for(
            f"{server.name} gone",
            lambda: self.sdk.compute.find_server(server.id) is None,
        )


def doctor(cloud: RunningCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What he says of the cloud and this host."""
    command = [sys.executable, "-m", "compute.cli", "doctor", *arguments]
    return subprocess.run(
        [*command, str(cloud.place.settings_file)], capture_output=True, text=True
    )


def wait_until_nothing_is_left(cloud: RunningCloud) -> str:
    """What the doctor says then: what was just deleted takes a sweep to go."""
    said = ""

    def is_well() -> bool:
        nonlocal said
        asked = doctor(cloud)
        said = asked.stdout
        return asked.returncode == 0

    wait_for("nothing left", is_well, poll_seconds=DOCTOR_POLL_SECONDS)
    return said


def processes(name: str) -> list[int]:
    """The processes of that program in our namespace."""
    found = subprocess.run(["pgrep", "-f", f"^[^ ]*{name}"], capture_output=True)
    return [int(pid) for pid in found.stdout.split()]


def kill(*names: str) -> None:
    """All processes of these programs, but not ours.  Some end by themselves before it
    is their turn: libvirtd has children that bear its name until they are QEMU."""
    for name in names:
        for pid in processes(name):
            if pid != os.getpid():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
