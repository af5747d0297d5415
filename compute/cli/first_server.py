"""The quickstart's server: image, flavor, key, network, boot, console, address.

Everything through openstacksdk, as any user of the cloud would do it.  What is there
from an earlier run is used again.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from socket import create_connection
from typing import Any

import openstack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from openstack.connection import Connection
from openstack.exceptions import ConflictException
from rich.console import Console

from compute.cli.layout import LaidOutCloud
from objectstore.cli.process import StartFailed

HOME = Path(__file__).resolve().parents[2]
BUILD_IMAGE = HOME / "bin" / "build-guest-image"
DISK = "guest-disk.qcow2"
NAME = "ringstack-guest"
SERVER, FLAVOR, KEY = "first", "small", "quickstart"
FLAVOR_MEMORY_MIB, FLAVOR_DISK_GIB = 160, 1
# Emulated, on a busy machine, a guest may take this long to its login prompt.
BOOT_SECONDS = 240.0
SSH_SECONDS = 60.0
POLL_SECONDS = 1.0
# The guest says so on its console when it can be logged in to.
READY = "guest ready"
SIMULATED_IMAGE_BYTES = 1024 * 1024
LINES_SHOWN = 12
BUILD_LINES_SHOWN = 5


def write_environment(place: LaidOutCloud) -> Path:
    """Write ``openrc``, which only we may read; where it is."""
    path = place.store.directory / "openrc"
    lines = [
        f"export {name}={shlex.quote(value)}\n"
        for name, value in place.environment().items()
    ]
    path.touch(mode=0o600)
    path.write_text("".join(lines), "utf-8")
    return path


class FirstServer:
    """Boots a server; ``show`` says whether all went well."""

    def __init__(self, place: LaidOutCloud, console: Console, *, is_real: bool) -> None:
        self._place = place
        self._console = console
        self._is_real = is_real
        self._cloud = _connect(place)

    def show(self) -> bool:
        """Do it, telling each step."""
        image = self._image()
        flavor = self._flavor()
        self._open_ssh()
        key_file = self._key()
        server = self._server(image, flavor)
        address = self._address(server)
        ready = not self._is_real or self._wait_for_console(server)
        self._tell(server, address, key_file)
        if self._is_real:
            ready = self._wait_for_ssh(address) and ready
        return bool(server.status == "ACTIVE" and ready)

    # ---- what a server is made of ----------------------------------------------

    def _image(self) -> Any:
        found = self._cloud.image.find_image(NAME)
        if found is not None:
            return found
        path = self._image_file()
        started = time.monotonic()
        image = self._cloud.create_image(
            NAME,
            filename=str(path),
            disk_format="qcow2" if self._is_real else "raw",
            container_format="bare",
            visibility="public",
            wait=True,
        )
        seconds = time.monotonic() - started
        size = path.stat().st_size / 1e6
        self._console.print(f"image       {NAME}, {size:.0f} MB in {seconds:.1f} s")
        return image

    def _image_file(self) -> Path:
        directory = self._place.store.directory / "guest"
        directory.mkdir(exist_ok=True)
        if not self._is_real:
            path = directory / "simulated.raw"
            path.write_bytes(bytes(SIMULATED_IMAGE_BYTES))
            return path
        if not (directory / DISK).exists():
            self._console.print("building a small guest image")
            _build(directory)
        return directory / DISK

    def _flavor(self) -> Any:
        compute = self._cloud.compute
        return compute.find_flavor(FLAVOR) or compute.create_flavor(
            name=FLAVOR, ram=FLAVOR_MEMORY_MIB, vcpus=1, disk=FLAVOR_DISK_GIB
        )

    def _open_ssh(self) -> None:
        """Let ssh and ping in; a rule that is there already is no error."""
        group = self._cloud.network.find_security_group(
            "default", project_id=self._cloud.current_project_id
        )
        if group is None:
            return
        known = {
            (rule["direction"], rule["protocol"]) for rule in group.security_group_rules
        }
        for protocol, port in (("icmp", None), ("tcp", 22)):
            if ("ingress", protocol) not in known:
                self._cloud.network.create_security_group_rule(
                    security_group_id=group.id,
                    direction="ingress",
                    protocol=protocol,
                    port_range_min=port,
                    port_range_max=port,
                    remote_ip_prefix="0.0.0.0/0",
                )

    def _key(self) -> Path:
        """The private key's file; the cloud only ever sees the public one."""
        path = self._place.store.directory / "id_quickstart"
        if self._cloud.compute.find_keypair(KEY) is None:
            private = Ed25519PrivateKey.generate()
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            path.write_bytes(
                private.private_bytes(
                    Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
                )
            )
            public = private.public_key().public_bytes(
                Encoding.OpenSSH, PublicFormat.OpenSSH
            )
            self._cloud.compute.create_keypair(
                name=KEY, public_key=public.decode(), type="ssh"
            )
        return path

    def _server(self, image: Any, flavor: Any) -> Any:
        compute = self._cloud.compute
        found = compute.find_server(SERVER)
        if found is not None:
            return self._running(compute.get_server(found.id))
        started = time.monotonic()
        server = compute.create_server(
            name=SERVER,
            image_id=image.id,
            flavor_id=flavor.id,
            key_name=KEY,
            networks="auto",
        )
        server = compute.wait_for_server(server, wait=BOOT_SECONDS)
        seconds = time.monotonic() - started
        self._console.print(f"server      {SERVER}, {server.status} in {seconds:.1f} s")
        return server

    def _running(self, server: Any) -> Any:
        """The server of an earlier run; somebody may have stopped it."""
        compute = self._cloud.compute
        if server.status == "SHUTOFF":
            compute.start_server(server)
        return compute.wait_for_server(server, wait=BOOT_SECONDS)

    def _address(self, server: Any) -> str:
        """A floating address that the host reaches, made when there is none."""
        for address in self._addresses(server):
            if address["OS-EXT-IPS:type"] == "floating":
                return str(address["addr"])
        network = self._cloud.network
        outside = next(iter(network.networks(is_router_external=True)), None)
        port = next(iter(network.ports(device_id=server.id)), None)
        if self._is_real and outside is not None and port is not None:
            made = network.create_ip(floating_network_id=outside.id, port_id=port.id)
            return str(made.floating_ip_address)
        fixed = self._addresses(server)
        return str(fixed[0]["addr"]) if fixed else "none"

    def _addresses(self, server: Any) -> list[Any]:
        return [one for many in (server.addresses or {}).values() for one in many]

    # ---- what it says ----------------------------------------------------------

    def _wait_for_console(self, server: Any) -> bool:
        until = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < until:
            if READY in self._console_text(server):
                return True
            time.sleep(POLL_SECONDS)
        self._console.print("the guest does not get ready")
        return False

    def _wait_for_ssh(self, address: str) -> bool:
        """Whether the guest can be reached from this host."""
        until = time.monotonic() + SSH_SECONDS
        while time.monotonic() < until:
            with suppress(OSError), create_connection((address, 22), POLL_SECONDS):
                return True
            time.sleep(POLL_SECONDS)
        self._console.print(f"nobody answers at {address}, port 22")
        return False

    def _console_text(self, server: Any) -> str:
        try:
            output = self._cloud.compute.get_server_console_output(server)
        except ConflictException:
            return ""  # its host has just started, and will boot it again
        return str(output["output"] or "")

    def _tell(self, server: Any, address: str, key_file: Path) -> None:
        lines = self._console_text(server).splitlines()[-LINES_SHOWN:]
        for line in lines:
            self._console.print(f"  | {line}", markup=False, soft_wrap=True)
        self._console.print(f"address     {address}")
        if self._is_real:
            key = shlex.quote(str(key_file))
            options = "-o StrictHostKeyChecking=accept-new"
            self._console.print(
                f"log in      ssh -i {key} {options} guest@{address}",
                soft_wrap=True,
            )


def _build(directory: Path) -> None:
    """``StartFailed`` with what the program said last."""
    built = subprocess.run(
        [BUILD_IMAGE, directory], check=False, capture_output=True, text=True
    )
    if built.returncode:
        said = "\n".join(built.stderr.splitlines()[-BUILD_LINES_SHOWN:])
        raise StartFailed(f"there is no guest image, for {BUILD_IMAGE} failed:\n{said}")


def _connect(place: LaidOutCloud) -> Connection:
    values = place.environment()
    return openstack.connect(
        auth_url=values["OS_AUTH_URL"],
        username=values["OS_USERNAME"],
        password=values["OS_PASSWORD"],
        project_name=values["OS_PROJECT_NAME"],
        user_domain_id=values["OS_USER_DOMAIN_ID"],
        project_domain_id=values["OS_PROJECT_DOMAIN_ID"],
        region_name=values["OS_REGION_NAME"],
        compute_api_version="2.96",
        # The settings of the machine's owner are none of ours.
        load_yaml_config=False,
        load_envvars=False,
    )
