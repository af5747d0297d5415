"""The inventory: the operator's one file, read strictly, all mistakes told together.

[cloud]                  names and addresses of the whole
[store]                  rings, policies, users of the object store
[host:NAME]              a machine each: address, zone, roles, devices
[store.conf:SECTION]     further options of that file, on every host that has it
[cloud.conf:SECTION]     (also agent.conf); what this tool writes itself is refused
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compute.agent.settings import HypervisorKind
from compute.deploy.model import DiskWish, Host, Part, User
from compute.deploy.options import CloudWish, HostWish, StoreWish
from compute.deploy.protection import OWN_CERTIFICATE, host_of, split, unprotected
from compute.deploy.store_policies import parse_policy, replicas_max
from objectstore.kernel.settings import Reader, read_file
from ring.device import Device, check_device
from ring.errors import RingError

HOST_PREFIX = "host:"
# Behind a device's weight: it gives everything away.
DRAINED = "drained"
EXTRA_FILES = ("store.conf", "cloud.conf", "agent.conf")
# What one machine can well talk to; the rings bear more.
HOSTS_MAX = 200
DEVICES_MAX = 100
# Names become host names, file names and parts of unit files.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}\Z")
_PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+\Z")
_LOGIN = re.compile(r"([A-Za-z0-9.-]{1,64}):([A-Za-z0-9.-]{1,64})\Z")
_GROUP = re.compile(r"[A-Za-z0-9._:-]{1,64}\Z")
_DATABASE = re.compile(r"(sqlite|postgresql(\+psycopg2)?|mysql\+pymysql)://")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._/-]*)?\Z")


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an operator wants."""

    source: Path
    cloud: CloudWish
    store: StoreWish
    users: tuple[User, ...]
    hosts: tuple[Host, ...]
    # By file and section: ``extras["store.conf"]["replication"]["interval"]``.
    extras: Mapping[str, Mapping[str, Mapping[str, str]]]

    def playing(self, *parts: Part) -> list[Host]:
        """The hosts that are for any of these."""
        return [host for host in self.hosts if host.plays(*parts)]


def load_inventory(source: Path) -> Inventory:
    """Read it.  Raises ``BadSettings`` with every mistake."""
    return read_inventory(source, read_file(source))


def read_inventory(
    source: Path, sections: Mapping[str, Mapping[str, str]]
) -> Inventory:
    """The inventory in these sections.  Raises ``BadSettings``."""
    reader = Reader(str(source))
    cloud = reader.read(CloudWish, sections.get("cloud", {}), "cloud")
    store = reader.read(StoreWish, sections.get("store", {}), "store")
    _check_cloud(reader, cloud)
    _check_store(reader, store)
    hosts: list[Host] = []
    extras: dict[str, dict[str, dict[str, str]]] = {name: {} for name in EXTRA_FILES}
    for section, values in sections.items():
        if section.startswith(HOST_PREFIX):
            host = _host(reader, section, values, cloud)
            hosts += [host] if host is not None else []
            continue
        file, _, inner = section.partition(":")
        if file in extras and inner:
            extras[file][inner] = dict(values)
        elif section not in ("cloud", "store") and (section != "DEFAULT" or values):
            reader.note(section, "", "no such section")
    users = tuple(_users(reader, store.users))
    inventory = Inventory(source, cloud, store, users, tuple(hosts), extras)
    _check_whole(reader, inventory)
    for section, option, text in unprotected(cloud, extras):
        reader.note(section, option, text)
    reader.finish()
    return inventory


def _check_cloud(reader: Reader, cloud: CloudWish) -> None:
    for name in ("user", "ssh_user"):
        if not _USER.match(getattr(cloud, name)):
            reader.note("cloud", name, "is no user's name")
    for name in ("public_url", "store_url"):
        text = getattr(cloud, name)
        if text and not (_URL.match(text) and host_of(text)):
            reader.note("cloud", name, "is no http:// or https:// address")
    if not re.match(r"[A-Za-z0-9._-]{1,64}\Z", cloud.region):
        reader.note("cloud", "region", "letters, digits, and . _ - only")
    if not (cloud.database.isprintable() and split(cloud.database)):
        reader.note("cloud", "database", "is no URL")
    elif cloud.database and not _DATABASE.match(cloud.database):
        known = "sqlite://, postgresql+psycopg2:// or mysql+pymysql://"
        reader.note("cloud", "database", f"{known}: releases have no other driver")
    for name in ("known_hosts", "ssh_key", "federation", *OWN_CERTIFICATE):
        path = getattr(cloud, name)
        if path is not None and not path.is_file():
            reader.note("cloud", name, f"there is no file {path}")


def _check_store(reader: Reader, store: StoreWish) -> None:
    if not _PATH.match(str(store.devices)) or ".." in store.devices.parts:
        reader.note("store", "devices", "is no plain absolute path")
    if not store.policies:
        reader.note("store", "policies", "there must be one at least")
    names = []
    for text in store.policies:
        try:
            names.append(parse_policy(text).name.lower())
        except ValueError as error:
            reader.note("store", "policies", str(error))
    if len(set(names)) < len(names):
        reader.note("store", "policies", "two have the same name")


def _host(
    reader: Reader, section: str, values: Mapping[str, str], cloud: CloudWish
) -> Host | None:
    name = section.removeprefix(HOST_PREFIX)
    before = len(reader.mistakes)
    wish = reader.read(HostWish, values, section)
    if not _NAME.match(name):
        reader.note(section, "", "is no host name: small letters, digits, inner -")
    address = _address(reader, section, wish.address or "")
    if wish.ssh_user and not _USER.match(wish.ssh_user):
        reader.note(section, "ssh_user", "is no user's name")
    parts = frozenset(wish.roles or ())
    if wish.roles is not None and not parts:
        reader.note(section, "roles", "there must be one at least")
    devices = tuple(_devices(reader, section, wish))
    if Part.STORE in parts and not devices:
        reader.note(section, "devices", "a store node needs one at least")
    if devices and parts and Part.STORE not in parts:
        reader.note(section, "devices", "only store nodes have devices")
    if Part.NETWORK in parts and Part.COMPUTE not in parts:
        reader.note(section, "roles", "networks are made on compute hosts")
    real = wish.hypervisor is not HypervisorKind.SIM
    if Part.COMPUTE in parts and real and Part.NETWORK not in parts:
        reader.note(section, "roles", "hosts of real guests need the role network")
    if len(reader.mistakes) > before:
        return None
    return Host(
        name=name,
        address=address,
        ssh_user=wish.ssh_user or cloud.ssh_user,
        ssh_port=wish.ssh_port or cloud.ssh_port,
        region=wish.region,
        zone=wish.zone,
        parts=parts,
        devices=devices,
        state=wish.state,
        hypervisor=wish.hypervisor.value,
    )


def _address(reader: Reader, section: str, text: str) -> str:
    """In the one form that rings compare; servers listen there, so no name will do."""
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        if text:
            reader.note(section, "address", f"{text!r} is no IP address")
        return ""
    if found.is_unspecified or found.is_multicast or "%" in text:
        reader.note(section, "address", f"{text!r} is no host's address")
    return str(found)


def _devices(reader: Reader, section: str, wish: HostWish) -> list[DiskWish]:
    found: list[DiskWish] = []
    for text in wish.devices:
        name, *words = text.split()
        is_drained = words[-1:] == [DRAINED]
        weight = " ".join(words[:-1] if is_drained else words)
        try:
            disk = DiskWish(name, float(weight or "100"), is_drained)
            check_device(Device(0, 1, 1, "127.0.0.1", 1, name, disk.weight))
        except (ValueError, RingError) as error:
            reader.note(section, "devices", f"{text!r}: {error}")
            continue
        if not _DEVICE.match(name):
            reader.note(section, "devices", f"{name!r} is no plain directory's name")
        elif name in [each.name for each in found]:
            reader.note(section, "devices", f"{name} is there twice")
        elif disk.weight == 0:
            reader.note(
                section, "devices", f"{name}: weight 0 holds nothing; leave it out"
            )
        found.append(disk)
    if len(found) > DEVICES_MAX:
        reader.note(section, "devices", f"at most {DEVICES_MAX} a host")
    return found


def _users(reader: Reader, texts: tuple[str, ...]) -> list[User]:
    users: dict[str, User] = {}
    for text in texts:
        login, *groups = text.split()
        match = _LOGIN.match(login)
        if match is None or not all(_GROUP.match(group) for group in groups):
            reader.note("store", "users", f"{text!r} is not ACCOUNT:NAME [GROUP ...]")
            continue
        user = User(match[1], match[2], tuple(groups))
        if user.login in users:
            reader.note("store", "users", f"{user.login} is there twice")
        users[user.login] = user
    return list(users.values())


def _check_whole(reader: Reader, inventory: Inventory) -> None:
    hosts = inventory.hosts
    if not hosts and not reader.mistakes:
        reader.note("", "", "there are no hosts: [host:NAME]")
    if len(hosts) > HOSTS_MAX:
        reader.note("", "", f"{len(hosts)} hosts; at most {HOSTS_MAX}")
    seen: dict[tuple[str, int], str] = {}
    for host in hosts:
        # Ports of services are the cloud's, so an address is one host's.
        if (other := seen.setdefault((host.address, 0), host.name)) != host.name:
            reader.note(f"host:{host.name}", "address", f"is that of {other}")
    control = inventory.playing(Part.CONTROL)
    if len(control) > 1 and (
        not inventory.cloud.database or inventory.cloud.database.startswith("sqlite")
    ):
        reader.note("cloud", "database", "several control hosts need a database server")
    if inventory.playing(Part.COMPUTE) and not control:
        reader.note("", "", "compute hosts need a control host")
    if reader.mistakes:
        return
    nodes = inventory.playing(Part.STORE)
    if not nodes:
        reader.note("", "", "there is no store node")
    if nodes and not inventory.playing(Part.PROXY, Part.CONTROL):
        reader.note("", "", "there is no proxy")
    devices = sum(len(host.staying) for host in nodes)
    wanted = replicas_max(inventory.store)
    if nodes and devices < wanted:
        text = f"{wanted} replicas need as many devices: {devices}"
        drained = sum(len(host.devices) for host in nodes) - devices
        text += f" stay, and {drained} are drained" if drained else ""
        reader.note("store", "replicas", text)
