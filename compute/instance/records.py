"""The frozen records of the room: servers, and what servers are made from.

All fields are JSON values, so a record crosses the internal API as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

R = TypeVar("R")


def record_from(kind: type[R], values: Mapping[str, Any]) -> R:
    """The record of these values; what it does not know is left out, so that an
    agent that is a little older than the control plane still understands it."""
    names = {each.name for each in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in names})


@dataclass(frozen=True, slots=True)
class Server:
    """One server as stored.  ``flavor`` and ``image`` are copies from the moment of
    its creation: both may change or go while the server lives."""

    id: str
    project_id: str
    user_id: str
    name: str
    hostname: str
    created_at: float
    updated_at: float
    reservation_id: str
    flavor: Mapping[str, Any]
    flavor_id: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    description: str | None = None
    vm_state: str = "building"
    task_state: str = ""
    power_state: int = 0
    host: str = ""
    availability_zone: str = ""  # where it is
    requested_zone: str = ""  # what was asked for; "": anywhere
    image_id: str = ""
    image: Mapping[str, Any] = field(default_factory=dict)
    key_name: str = ""
    key_type: str = "ssh"
    key_public: str = field(default="", repr=False)
    config_drive: bool = False
    user_data: str = field(default="", repr=False)  # base64, as it was given
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] | list[str] = ()
    personality: list[Mapping[str, str]] = field(default_factory=list)
    # What was asked for: {"uuid", "port", "fixed_ip", "tag"}; None: what is usual.
    networks: list[Mapping[str, str]] | None = None
    security_groups: list[str] = field(default_factory=list)
    # What it has: see ``nics.vif_of``.
    vifs: list[Mapping[str, Any]] = field(default_factory=list)
    # Volumes, and extra disks that its order named: see ``block_devices``.
    block_devices: list[Mapping[str, Any]] = field(default_factory=list)
    hints: Mapping[str, Any] = field(default_factory=dict)
    group_id: str = ""
    locked: bool = False
    locked_by: str = ""
    locked_reason: str | None = None
    progress: int = 0
    fault: Mapping[str, Any] | None = None
    access_ipv4: str = ""
    access_ipv6: str = ""
    disk_config: str = "MANUAL"
    launch_index: int = 0
    order_key: str | None = None
    root_device: str = "/dev/vda"
    launched_at: float | None = None
    terminated_at: float | None = None
    deleted: bool = False
    # While a resize or cold migration is open: {"old_flavor", "new_flavor",
    # "old_vm_state", "migration"} (the last names its ``Migration``).
    resize: Mapping[str, Any] | None = None
    rescue_image_id: str = ""
    shelved_image_id: str = ""
    sealed_password: str = field(default="", repr=False)
    revision: int = 1

    @property
    def instance_name(self) -> str:
        """What the guest is called on its host."""
        return f"instance-{self.id[:8]}"

    @property
    def is_volume_backed(self) -> bool:
        """Whether its root disk is a volume."""
        return any(
            each["destination"] == "volume" and each.get("boot_index") == 0
            for each in self.block_devices
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Server:
        """The record that ``to_json`` gave."""
        return record_from(cls, values)

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class Flavor:
    """A size of servers."""

    number: int
    flavor_id: str
    name: str
    vcpus: int
    ram: int  # MiB
    disk: int  # GiB
    ephemeral: int = 0  # GiB
    swap: int = 0  # MiB
    rxtx_factor: float = 1.0
    is_public: bool = True
    disabled: bool = False
    description: str | None = None
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    access: list[str] = field(default_factory=list)  # project ids
    created_at: float = 0.0
    updated_at: float | None = None

    def snapshot(self) -> dict[str, Any]:
        """What a server keeps of it."""
        return {
            "id": self.flavor_id,
            "name": self.name,
            "vcpus": self.vcpus,
            "ram": self.ram,
            "disk": self.disk,
            "ephemeral": self.ephemeral,
            "swap": self.swap,
            "extra_specs": dict(self.extra_specs),
        }


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A user's public key."""

    number: int
    user_id: str
    name: str
    type: str
    public_key: str
    fingerprint: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Host:
    """A host as its agent last reported it, and what is claimed on it."""

    number: int
    host: str
    hypervisor_id: str
    service_id: str
    hypervisor_type: str
    hypervisor_version: int
    vcpus: int
    memory_mib: int
    disk_gib: int
    vcpus_used: int = 0
    memory_used_mib: int = 0
    disk_used_gib: int = 0
    servers: int = 0
    building: int = 0
    enabled: bool = True
    disabled_reason: str = ""
    forced_down: bool = False
    last_seen: float = 0.0
    created_at: float = 0.0
    updated_at: float = 0.0
    inventory: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class Migration:
    """One move of a server, or one resize where it is (both hosts are the same then).

    ``status`` is one of ``moves.py``.  While it is open, ``uuid`` is also the name
    under which the place on one of the two hosts is claimed.
    """

    number: int
    uuid: str
    server_id: str
    project_id: str
    user_id: str
    type: str  # migration, resize, live-migration, evacuation
    status: str
    source: str
    dest: str
    old_flavor_id: str
    new_flavor_id: str
    created_at: float
    updated_at: float
    token_digest: str = ""  # of what lets one agent in at the other
    hurried: bool = False  # somebody asked to complete it by force
    # {"memory_total", "memory_processed", "memory_remaining", and the same of disk}
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Hosts that belong together; ``metadata`` may name their availability zone."""

    number: int
    uuid: str
    name: str
    metadata: Mapping[str, str]
    hosts: list[str]
    created_at: float
    updated_at: float | None = None


@dataclass(frozen=True, slots=True)
class ServerGroup:
    """A rule about where its members are in respect of each other."""

    id: str
    project_id: str
    user_id: str
    name: str
    policy: str
    rules: Mapping[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One action on a server, as its history shows it."""

    number: int
    server_id: str
    request_id: str
    user_id: str
    project_id: str
    action: str
    start_time: float
    updated_at: float
    message: str | None = None
    # {"event", "start_time", "finish_time", "result", "host", "traceback"}
    events: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConsoleToken:
    """Leave to look at one server's console for a while; ``digest`` of the token."""

    digest: str
    server_id: str
    host: str
    kind: str
    expires_at: float
