"""What a store's settings files hold, as frozen values.

Two files.  ``cluster.conf`` is the same on every machine: the secrets that
names are hashed and servers recognise each other with, and the storage
policies.  A server's own file (``store.conf``, ``proxy-server.conf`` ...) says
which roles this process plays, where it listens and where its devices are; the
proxy's filters stand in the same file as a PasteDeploy pipeline.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.kernel.client import ClientSettings
from objectstore.kernel.http.limits import EdgeSettings
from objectstore.kernel.http.tls_settings import TlsSettings
from objectstore.kernel.journal.journal import SEGMENT_BYTES_MAX
from objectstore.kernel.log import LogSettings
from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import Reader, option, read_file
from objectstore.policy.policies import ONE_POLICY, Policies
from objectstore.policy_settings import read_policy
from objectstore.proxy.settings import ProxySettings
from objectstore.replication.options import ReplicationSettings

PROXY_SECTION = "app:proxy-server"
CLUSTER_FILE_NAME = "cluster.conf"
_POLICY_SECTION = re.compile(r"storage-policy:(\d{1,3})\Z")
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\s]+):(?P<port>\d{1,5})\Z")


class Role(enum.Enum):
    """What a process can be; an all-in-one store is everything."""

    PROXY = "proxy"
    ACCOUNT = "account"
    CONTAINER = "container"
    OBJECT = "object"


NODE_ROLES = (Role.ACCOUNT, Role.CONTAINER, Role.OBJECT)


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """The same on every machine of a cluster; changing it loses every name."""

    hash_prefix: str = option("", "Secret put before names that are hashed")
    hash_suffix: str = option("", "Secret put behind names that are hashed")
    secret: str = option("", "Secret by which servers recognise each other")


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What this process is, and where."""

    roles: tuple[Role, ...] = option(tuple(Role), "What this process serves")
    public_address: str = option("127.0.0.1:8080", "Where the proxy listens, host:port")
    node_address: str = option(
        "127.0.0.1:6200", "Where other servers reach this one's devices, host:port"
    )
    devices: Path = option(Path("/srv/node"), "The directory that holds the devices")
    rings: Path = option(Path("/etc/ringstack"), "The directory that holds the rings")
    cluster_file: Path | None = option(
        None, "The cluster's settings; default: cluster.conf beside this file"
    )
    run: Path = option(Path("/run/ringstack"), "Sockets between workers, process ids")
    workers: int = option(1, "Processes that share the work", minimum=1, maximum=256)
    mount_check: bool = option(
        False, "Refuse a device directory that is not a mount point"
    )
    background: bool = option(True, "Run the background loops inside this process")
    reserve: Size = option(
        256 * 2**20,
        "Bytes of a device that writes leave free for compaction",
        minimum=0,
    )
    body_reserve: Size = option(
        256 * 2**20,
        "Bytes beyond the reserve at which object bodies go to other devices",
        minimum=0,
    )
    segment: Size = option(
        SEGMENT_BYTES_MAX,
        "Bytes of one log segment; the reserve should have room for four",
        minimum=2**20,
        maximum=2**30,
    )
    public_status: bool = option(
        False, "Serve /metrics and /recon at the public address too"
    )
    status_address: str = option(
        "", "Where a proxy without devices serves /metrics and /recon, host:port"
    )
    reclaim_age: Seconds = option(
        7 * 24 * 3600.0, "How long deletions are remembered", minimum=0
    )


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """How eagerly a device's own daemons work."""

    audit_bytes: Size = option(
        20 * 2**20,
        "Bytes a second that the auditor of objects reads, each policy of each "
        "device; 0: no limit",
        minimum=0,
    )
    audit_files: int = option(
        50, "Body files a second that it opens; 0: no limit", minimum=0
    )
    database_audit_bytes: Size = option(
        10 * 2**20,
        "Bytes a second that the auditor of databases reads; 0: no limit",
        minimum=0,
    )
    database_audit_files: int = option(
        20, "Databases a second that it opens; 0: no limit", minimum=0
    )
    audit_rest: Seconds = option(
        24 * 3600.0, "Rest between two rounds of an auditor", minimum=0
    )
    sync_rest: Seconds = option(
        30.0, "Rest of the container sync between looks at all containers", minimum=0
    )
    turn: Seconds = option(
        300.0,
        "After this long the next replica does what the first has not: expire, reap",
        minimum=0,
    )
    fragment_delay: Seconds = option(
        600.0,
        "How long fragments of replaced and deleted objects stay for their readers",
        minimum=0,
    )
    delay_reaping: Seconds = option(
        0.0, "How long a deleted account keeps its contents", minimum=0
    )


SERVER_SECTIONS: tuple[tuple[str, type], ...] = (
    ("server", ServerSettings),
    ("log", LogSettings),
    ("edge", EdgeSettings),
    ("client", ClientSettings),
    ("tls", TlsSettings),
    ("replication", ReplicationSettings),
    ("daemons", DaemonSettings),
    (PROXY_SECTION, ProxySettings),
)
"""The sections of a server's file, filters apart."""


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Everything that one process needs to know, from its file and the cluster's."""

    source: Path
    cluster: ClusterSettings
    policies: Policies
    server: ServerSettings
    log: LogSettings
    edge: EdgeSettings
    client: ClientSettings
    tls: TlsSettings
    replication: ReplicationSettings
    daemons: DaemonSettings
    proxy: ProxySettings
    public_address: Address
    node_address: Address
    status_address: Address | None


def load_settings(source: Path) -> StoreSettings:
    """Read a server's file and the cluster's.  Raises ``BadSettings`` with every
    mistake in both."""
    sections = read_file(source)
    reader = Reader(str(source))
    read: list[Any] = [
        reader.read(kind, sections.get(name, {}), name)
        for name, kind in SERVER_SECTIONS
    ]
    server, log, edge, client, tls, replication, daemons, proxy = read
    if problem := tls.problem():
        reader.note("tls", "", problem)
    public = _address(reader, "public_address", server.public_address)
    node = _address(reader, "node_address", server.node_address)
    status = None
    if server.status_address:
        status = _address(reader, "status_address", server.status_address)
    cluster_file = server.cluster_file or source.parent / CLUSTER_FILE_NAME
    cluster, policies = _load_cluster(cluster_file, reader)
    reader.finish()
    return StoreSettings(
        source,
        cluster,
        policies,
        server,
        log,
        edge,
        client,
        tls,
        replication,
        daemons,
        proxy,
        public,
        node,
        status,
    )


def _load_cluster(path: Path, outer: Reader) -> tuple[ClusterSettings, Policies]:
    sections = read_file(path)
    reader = Reader(str(path))
    cluster = reader.read(ClusterSettings, sections.get("cluster", {}), "cluster")
    if not cluster.secret:
        reader.note("cluster", "secret", "must be set: servers trust whoever knows it")
    if not (cluster.hash_prefix or cluster.hash_suffix):
        reader.note(
            "cluster", "hash_suffix", "set it or hash_prefix, and never change it"
        )
    found = []
    for section, values in sections.items():
        match = _POLICY_SECTION.match(section)
        if match is None:
            continue
        found.append(read_policy(reader, int(match[1]), section, values))
    policies = ONE_POLICY
    if found:
        try:
            policies = Policies(found)
        except ValueError as error:
            reader.note("", "", str(error))
    outer.mistakes += reader.mistakes
    return cluster, policies


def _address(reader: Reader, name: str, text: str) -> Address:
    match = _ADDRESS.match(text)
    if match is None or int(match["port"]) > 65535:
        reader.note("server", name, f"{text!r} is not host:port")
        return Address("127.0.0.1", 0)
    return Address(match["host"].strip("[]"), int(match["port"]))
