"""What the room's internal API tells and hears, as its client hands it out: reports of
hosts, claimed jobs, grants of consoles and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from compute.instance.records import Server


@dataclass(frozen=True, slots=True)
class HostReport:
    """That a host lives, what it has, and what its guests do.

    ``inventory`` has the fields of the hypervisor port's ``HostInventory``;
    ``states`` are its ``GuestState`` values by server id.
    """

    host: str
    inventory: Mapping[str, Any]
    states: Mapping[str, str] = field(default_factory=dict)
    address: str = ""


@dataclass(frozen=True, slots=True)
class ServerBrief:
    """What an agent must know of a server of its host that it does not work on."""

    id: str
    host: str
    vm_state: str
    task_state: str
    power_state: int
    project_id: str = ""
    image_id: str = ""
    block_devices: Sequence[Mapping[str, Any]] = ()
    name: str = ""
    user_id: str = ""
    flavor_id: str = ""
    vcpus: int = 0
    created_at: float = 0.0
    server_group: str = ""


@dataclass(frozen=True, slots=True)
class StrayPlace:
    """What a host has claimed for nobody.  ``id``: of the server or migration that it
    was for; empty: the host's sums are wrong."""

    host: str
    id: str
    detail: str


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that is ours until its lease ends.  ``server`` is as it was then; None
    for what the host shall do for no server."""

    id: str
    kind: str
    queue: str
    subject_id: str
    step: str
    undoing: bool
    cancelled: bool
    attempts: int
    arguments: Mapping[str, Any]
    progress: Mapping[str, Any]
    server: Server | None


@dataclass(frozen=True, slots=True)
class ConsoleGrant:
    """Which console a token opens."""

    server_id: str
    host: str
    kind: str  # novnc, serial


@dataclass(frozen=True, slots=True)
class MoveGrant:
    """Between which hosts a server moves, for whoever has the token of it."""

    migration: str
    server_id: str
    source: str
    dest: str
