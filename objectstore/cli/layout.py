"""Lay out a store on one machine: directories, rings, settings.

What ``bin/quickstart``, ``bin/cluster`` and the tests start is written here: a
*plan* says which nodes there are, where each listens and which devices it has;
``lay_out`` makes the directories, the rings (one for accounts, one for
containers, one for objects) and the settings files.  In a directory that is laid
out already only ports, workers and users follow the plan: secrets, and what is on
which device, must never change under data.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from objectstore.kernel.clock import Clock, SystemClock
from ring.builder import Builder
from ring.device import Device
from ring.file import load_builder, save_builder, save_ring

LOOPBACK = "127.0.0.1"
# Of a process that has no use for one of its two ports.
NO_PORT = 0
# 1,024 partitions: plenty for the few devices of one machine.
PART_POWER = 10
REPLICAS = 3
MIN_PART_HOURS = 1
# What AES-256 keys are made of; more would add nothing.
ROOT_SECRET_BYTES = 32
RING_NAMES = ("account", "container", "object")
# The quickstart's own user, known to everybody: for loopback only.
DEMONSTRATION_USER = "user_test_tester = testing .admin"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One process: its name, its ports on loopback, its devices' names.

    ``roles`` are what it serves; empty: everything.  ``home`` names the directory
    of its devices; empty: its own.  Servers that run apart share one: each owns a
    room of the same devices.  ``zone`` is that of all its devices; 0: each device
    is a zone of its own.
    """

    name: str
    public_port: int
    node_port: int
    devices: tuple[str, ...]
    workers: int = 1
    roles: tuple[str, ...] = ()
    home: str = ""
    zone: int = 0

    def plays(self, role: str) -> bool:
        """Whether the process serves that."""
        return not self.roles or role in self.roles

    @property
    def front_port(self) -> int:
        """The port that tells whether it is healthy."""
        return self.public_port if self.plays("proxy") else self.node_port


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Where things are, below the directory of a laid-out store."""

    directory: Path

    @property
    def settings_directory(self) -> Path:
        """Settings, rings and builders."""
        return self.directory / "etc"

    @property
    def is_laid_out(self) -> bool:
        """Whether there are rings already."""
        return (self.settings_directory / "object.ring.gz").exists()

    def settings_file(self, node: str) -> Path:
        """A node's own settings."""
        return self.settings_directory / f"{node}.conf"

    def devices(self, plan: NodePlan) -> Path:
        """The directory of a node's device directories."""
        return self.directory / (plan.home or plan.name)

    def run(self, node: str) -> Path:
        """A node's sockets and process ids."""
        return self.directory / "run" / node

    def log(self, node: str) -> Path:
        """What a node prints when it is started in the background."""
        return self.directory / "log" / f"{node}.log"


def lay_out(
    directory: Path,
    plans: Sequence[NodePlan],
    users: str = DEMONSTRATION_USER,
    sections: str = "",
    *,
    encrypts: bool = False,
) -> LaidOut:
    """Make what is not there yet.

    Raises ``OSError`` while a server has one of the devices open: it would follow its
    rings to ports where nobody listens.

    ``sections``: text added to every node's settings.  ``encrypts``: make a root
    secret, and encrypt at rest what S3's clients ask it for.
    """
    place = LaidOut(directory)
    _refuse_in_use(place, plans)
    place.settings_directory.mkdir(parents=True, exist_ok=True)
    for plan in plans:
        for device in plan.devices:
            (place.devices(plan) / device).mkdir(parents=True, exist_ok=True)
        place.run(plan.name).mkdir(parents=True, exist_ok=True)
        place.log(plan.name).parent.mkdir(exist_ok=True)
    if place.is_laid_out:
        _follow_ports(place.settings_directory, plans)
    else:
        _write_rings(place.settings_directory, plans, SystemClock())
    cluster = place.settings_directory / "cluster.conf"
    if not cluster.exists():
        _write_private(cluster, _cluster_text())
    if encrypts:
        sections = _encryption_section(place.settings_directory) + sections
    for plan in plans:
        # Ports and workers may differ from the last time, so this one is renewed.
        text = _node_text(place, plan, users) + sections
        _write_private(place.settings_file(plan.name), text)
    return place


def _refuse_in_use(place: LaidOut, plans: Sequence[NodePlan]) -> None:
    for plan in plans:
        for device in plan.devices:
            for lock in sorted((place.devices(plan) / device).glob("lock-*")):
                if _is_held(lock):
                    text = "a server that runs uses it; stop that first"
                    raise BlockingIOError(errno.EWOULDBLOCK, text, str(place.directory))


def _is_held(lock: Path) -> bool:
    """Whether the server that owns a room of a device has locked it."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _addresses(plans: Sequence[NodePlan], ring_name: str) -> list[tuple[int, str, int]]:
    """(port, device, zone) of every device in a ring, as plans say."""
    return [
        (plan.node_port, name, plan.zone)
        for plan in plans
        if plan.plays(ring_name)
        for name in plan.devices
    ]


def _write_rings(directory: Path, plans: Sequence[NodePlan], clock: Clock) -> None:
    for ring_name in RING_NAMES:
        builder = Builder(PART_POWER, REPLICAS, MIN_PART_HOURS)
        addresses = _addresses(plans, ring_name)
        for number, (port, name, zone) in enumerate(addresses):
            of_its_own = number + 1
            builder.add(
                Device(number, 1, zone or of_its_own, LOOPBACK, port, name, 100.0)
            )
        # A fixed seed: the same plan gives the same ring.
        builder.rebalance(Random(len(addresses)), now=int(clock.time()))
        _save(builder, directory, ring_name)


def _follow_ports(directory: Path, plans: Sequence[NodePlan]) -> None:
    """Write the plans' ports into the rings: servers know their devices by them.

    Nothing else of the rings changes, and nothing at all of one that an operator
    has given other devices.
    """
    for ring_name in RING_NAMES:
        builder = load_builder(directory / f"{ring_name}.builder")
        wanted = _addresses(plans, ring_name)
        devices = list(builder.known_devices())
        if [device.device for device in devices] != [name for _, name, _ in wanted]:
            continue
        moved = [
            replace(device, port=port, replication_port=port)
            for device, (port, _, _) in zip(devices, wanted, strict=True)
            if device.port != port
        ]
        for device in moved:
            builder.set_info(device)
        if moved:
            _save(builder, directory, ring_name)


def _save(builder: Builder, directory: Path, ring_name: str) -> None:
    save_builder(builder, directory / f"{ring_name}.builder")
    save_ring(builder.ring(), directory / f"{ring_name}.ring.gz")


def _cluster_text() -> str:
    return f"""\
# The same on every machine of the cluster.  Keep it secret; never change the hash
# suffix: every stored name depends on it.

[cluster]
hash_suffix = {secrets.token_hex(16)}
secret = {secrets.token_hex(32)}

[storage-policy:0]
name = Policy-0
default = yes
"""


def _encryption_section(directory: Path) -> str:
    """The filter's section; the root secret is made once, in a file of its own."""
    path = directory / "encryption.conf"
    if not path.exists():
        secret = base64.b64encode(secrets.token_bytes(ROOT_SECRET_BYTES)).decode()
        text = f"""\
# What data at rest is encrypted with, the same on every machine of the cluster.  Keep
# it secret, and keep a copy: without it that data is lost.

[keymaster]
encryption_root_secret = {secret}
"""
        _write_private(path, text)
    return f"""
[filter:encryption]
use = egg:ringstack#encryption
keymaster_config_path = {path}
only_on_request = true
"""


def _node_text(place: LaidOut, plan: NodePlan, users: str) -> str:
    roles = f"roles = {', '.join(plan.roles)}\n" if plan.roles else ""
    return f"""\
[server]
{roles}\
public_address = {LOOPBACK}:{plan.public_port}
node_address = {LOOPBACK}:{plan.node_port}
devices = {place.devices(plan)}
rings = {place.settings_directory}
run = {place.run(plan.name)}
workers = {plan.workers}

[filter:tempauth]
use = egg:ringstack#tempauth
{users}
"""


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(text, "utf-8")
