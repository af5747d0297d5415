"""What the cloud's settings file (``cloud.conf``) holds, as frozen values.

One file for one process.  ``[cloud]`` says which roles the process plays, where it
listens and where the others are; each room has a section of its own, and
``[policy:ROOM]`` overrides that room's rules by name.
"""

from __future__ import annotations

import enum
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.kernel.client import ClientSettings
from objectstore.kernel.http.limits import EdgeSettings
from objectstore.kernel.http.tls_settings import TlsSettings
from objectstore.kernel.log import LogSettings
from objectstore.kernel.settings import Reader, option, read_file

POLICY_PREFIX = "policy:"
_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\s]+):(?P<port>\d{1,5})\Z")


class Role(enum.Enum):
    """What a process can be; the whole cloud in one process is everything."""

    IDENTITY = "identity"
    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    COMPUTE = "compute"
    EC2 = "ec2"
    LOAD_BALANCER = "load-balancer"
    ORCHESTRATION = "orchestration"
    ALARMING = "alarming"
    METRIC = "metric"
    KEY_MANAGER = "key-manager"
    DASHBOARD = "dashboard"
    AGENT = "agent"
    NETWORK_AGENT = "network-agent"
    BALANCER_AGENT = "balancer-agent"


ROOM_ROLES = (
    Role.IDENTITY,
    Role.IMAGE,
    Role.NETWORK,
    Role.VOLUME,
    Role.COMPUTE,
    Role.EC2,
    Role.LOAD_BALANCER,
    Role.ORCHESTRATION,
    Role.ALARMING,
    Role.METRIC,
    Role.KEY_MANAGER,
    Role.DASHBOARD,
)


AGENT_ROLES = (Role.AGENT, Role.NETWORK_AGENT, Role.BALANCER_AGENT)


@dataclass(frozen=True, slots=True)
class CloudProcessSettings:
    """What this process is, and where it and the others are."""

    roles: tuple[Role, ...] = option(tuple(Role), "What this process does")
    public_address: str = option("127.0.0.1:5000", "Where it listens, host:port")
    public_url: str = option(
        "",
        "How clients reach the cloud; default: http:// (or https://) and"
        " public_address",
    )
    agent_url: str = option(
        "",
        "How other hosts' agents reach this process; default: http://"
        " (or https://) and public_address",
    )
    identity_url: str = option("", "Where identity is; default: public_url/identity")
    image_url: str = option("", "Where image is; default: public_url/image")
    network_url: str = option("", "Where network is; default: public_url/network")
    volume_url: str = option("", "Where volume is; default: public_url/volume")
    compute_url: str = option("", "Where compute is; default: public_url/compute")
    ec2_url: str = option("", "Where EC2's API is; default: public_url/ec2")
    load_balancer_url: str = option(
        "", "Where load balancers are; default: public_url/load-balancer"
    )
    orchestration_url: str = option(
        "", "Where orchestration is; default: public_url/orchestration"
    )
    alarming_url: str = option("", "Where alarms are; default: public_url/alarming")
    metric_url: str = option("", "Where metrics are; default: public_url/metric")
    key_manager_url: str = option(
        "", "Where the key manager is; default: public_url/key-manager"
    )
    dashboard_url: str = option(
        "", "Where the dashboard is; default: public_url/dashboard"
    )
    object_store: Path | None = option(
        None, "Settings file of an object store to run inside this process"
    )
    object_store_url: str = option(
        "http://127.0.0.1:8080", "Where the object store's proxy is"
    )
    status_address: str = option(
        "",
        "Where /metrics of this process is served, host:port, to whoever can reach it;"
        " default: nowhere",
    )
    region: str = option("RegionOne", "The region's name in the catalogue")
    host: str = option("", "This host's name; default: the machine's")
    state: Path = option(Path("/var/lib/ringstack"), "What the cloud keeps on disk")
    database: str = option(
        "", "The database's URL; default: an SQLite file below state"
    )
    bus: str = option(
        "", "The message broker's URL (amqp://...); default: in this process only"
    )
    service_password_file: Path | None = option(
        None, "The service user's password; default: service-password below state"
    )


@dataclass(frozen=True, slots=True)
class Address:
    """A TCP address."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """Everything that one process needs to know, from its file."""

    source: Path
    cloud: CloudProcessSettings
    log: LogSettings
    edge: EdgeSettings
    client: ClientSettings
    tls: TlsSettings
    # The rooms' and agents' own settings, by section.
    rooms: Mapping[str, Any]
    policies: Mapping[str, Mapping[str, str]]
    public_address: Address
    status_address: Address | None = None

    def plays(self, role: Role) -> bool:
        """Whether this process does that."""
        return role in self.cloud.roles

    @property
    def host(self) -> str:
        """This host's name."""
        return self.cloud.host or socket.gethostname()

    @property
    def scheme(self) -> str:
        """What this process' listener speaks."""
        return "https" if self.tls.certificate else "http"

    @property
    def public_url(self) -> str:
        """How clients reach this cloud, without a slash."""
        given = self.cloud.public_url.rstrip("/")
        return given or f"{self.scheme}://{self.cloud.public_address}"

    @property
    def agent_url(self) -> str:
        """How the agents of other hosts reach this process, without a slash."""
        if self.cloud.agent_url:
            return self.cloud.agent_url.rstrip("/")
        address = self.public_address
        if address.host in ("0.0.0.0", "::"):
            return f"{self.scheme}://{self.host}:{address.port}"
        return f"{self.scheme}://{self.cloud.public_address}"

    @property
    def database_url(self) -> str:
        """The database."""
        return self.cloud.database or f"sqlite:///{self.cloud.state / 'cloud.db'}"

    def url_of(self, room: str) -> str:
        """Where clients find a room."""
        given: str = getattr(self.cloud, f"{room.replace('-', '_')}_url")
        return given.rstrip("/") or f"{self.public_url}/{room}"

    def secret_file(self, name: str) -> Path:
        """A file of one secret, which only we may read."""
        if name == "service-password" and self.cloud.service_password_file:
            return self.cloud.service_password_file
        return self.cloud.state / name


FRAME: Mapping[str, type] = {
    "cloud": CloudProcessSettings,
    "log": LogSettings,
    "edge": EdgeSettings,
    "client": ClientSettings,
    "tls": TlsSettings,
}
"""The sections of a cloud's file that are no room's or agent's."""


def load_cloud_settings(
    source: Path, room_kinds: Mapping[str, type] | None
) -> CloudSettings:
    """Read a cloud's file.  ``room_kinds``: the rooms' settings by section; None:
    only the frame's are read and checked (what a supervisor needs to know).

    Raises ``BadSettings`` with every mistake.
    """
    is_whole = room_kinds is not None
    room_kinds = room_kinds or {}
    sections = read_file(source)
    reader = Reader(str(source))
    read: dict[str, Any] = {
        name: reader.read(kind, sections.get(name, {}), name)
        for name, kind in {**FRAME, **room_kinds}.items()
    }
    policies = {}
    for name, values in sections.items():
        if name.startswith(POLICY_PREFIX):
            policies[name.removeprefix(POLICY_PREFIX)] = dict(values)
        elif is_whole and name not in read and name != "DEFAULT":
            reader.note(name, "", "no such section")
    address = _address(reader, "public_address", read["cloud"].public_address)
    status: Address | None = None
    if read["cloud"].status_address:
        status = _address(reader, "status_address", read["cloud"].status_address)
    if problem := read["tls"].problem():
        reader.note("tls", "", problem)
    reader.finish()
    return CloudSettings(
        source,
        read["cloud"],
        read["log"],
        read["edge"],
        read["client"],
        read["tls"],
        {name: read[name] for name in room_kinds},
        policies,
        address,
        status,
    )


def _address(reader: Reader, option_name: str, text: str) -> Address:
    match = _ADDRESS.match(text)
    if match is None or int(match["port"]) > 65535:
        reader.note("cloud", option_name, f"{text!r} is not host:port")
        return Address("127.0.0.1", 0)
    return Address(match["host"].strip("[]"), int(match["port"]))
