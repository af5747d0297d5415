"""Leftovers of every kind, planted by hand on a real host for the doctor to find."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from compute.agent.guests import GuestSpec
from compute.instance.tables import ALLOCATIONS, HOSTS
from test.functional.compute.halves import HalvedCloud
from test.functional.compute.real_guests import Guests


def plant(cloud: HalvedCloud, guests: Guests) -> dict[str, str]:
    """One of each; what the doctor should call them -> by which name."""
    server, network = str(uuid.uuid4()), str(uuid.uuid4())
    planted = {
        "guest": _guest(cloud.place.state / "agent"),
        "files": _files(cloud.place.state / "agent" / "guests"),
        "image": _piece(cloud.place.state / "agent" / "images"),
        "table": _table("ip ringstack"),
        "tap": _tap("tap0badbad0-00", server),
        "bridge": _bridge(f"rsbr-{network[:10]}", network),
        "namespace": _namespace(f"rs-dhcp-{network}"),
        "port": _port(guests, server),
        "allocation": _allocation(cloud.place.state / "cloud.db"),
        "ring": _object(guests),
    }
    return planted


def _guest(agent: Path) -> str:
    """A domain of the agent's own libvirtd."""
    import libvirt

    from compute.agent.drivers.libvirt.domain_xml import Machine, domain_xml
    from compute.core.sockets import socket_directory

    name = str(uuid.uuid4())
    path = Path(socket_directory(str(agent / "libvirt"))) / "libvirt-sock"
    connection = libvirt.open(f"qemu+unix:///system?socket={path}")
    try:
        spec = GuestSpec(name, "planted", 1, 64)
        connection.defineXML(domain_xml(spec, Machine(virt_type="qemu"), 0))
    finally:
        connection.close()
    return name


def _files(guests: Path) -> str:
    name = str(uuid.uuid4())
    (guests / name).mkdir()
    (guests / name / "root.qcow2").write_bytes(b"disk")
    return name


def _piece(images: Path) -> str:
    path = images / f"{uuid.uuid4()}.qcow2"
    path.write_bytes(b"half an image")
    return str(path)


def _tap(name: str, port: str) -> str:
    _ip("tuntap", "add", name, "mode", "tap")
    _ip("link", "set", name, "alias", f"ringstack port {port}")
    return name


def _table(name: str) -> str:
    """As another release may have left it."""
    subprocess.run(["nft", f"add table {name}"], check=True)
    return name


def _bridge(name: str, network: str) -> str:
    _ip("link", "add", name, "type", "bridge")
    _ip("link", "set", name, "alias", f"ringstack network {network} zone 9")
    return name


def _namespace(name: str) -> str:
    _ip("netns", "add", name)
    return name


def _port(guests: Guests, server: str) -> str:
    """An address that a server has which never was."""
    return str(
        guests.sdk.network.create_port(
            network_id=guests.made["network"].id,
            device_id=server,
            device_owner="compute:nova",
        ).id
    )


def _allocation(database: Path) -> str:
    """Room on the host for a server which never was."""
    name = str(uuid.uuid4())
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        (host,) = connection.execute(sa.select(HOSTS.c.host)).scalars()
        values = {"vcpus": 1, "memory_mib": 64, "disk_gib": 1}
        row = ALLOCATIONS.insert().values(server_id=name, host=host, **values)
        connection.execute(row)
    engine.dispose()
    return name


def _object(guests: Guests) -> str:
    """A segment of an image that is not there, in the service's own account."""
    place = guests.cloud.place
    store: Any = guests.cloud.sdk(
        username="ringstack",
        password=(place.state / "service-password").read_text().strip(),
        project_name="service",
    ).object_store
    container = next(each.name for each in store.containers())
    name = str(uuid.uuid4())
    store.upload_object(container, f"{name}/data/00000000", data=b"segment")
    return name


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
