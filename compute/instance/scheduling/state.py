"""What the rules of scheduling see: hosts at one moment, and one request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ZONE = "nova"


@dataclass(frozen=True, slots=True)
class HostState:
    """One host.  Sizes are what may be promised (ratios and reserves are in them),
    ``*_used`` what is."""

    host: str
    enabled: bool
    up: bool
    vcpus: float
    memory_mib: float
    disk_gib: float
    vcpus_used: int = 0
    memory_used_mib: int = 0
    disk_used_gib: int = 0
    servers: int = 0
    zone: str = DEFAULT_ZONE
    hypervisor_type: str = ""
    architecture: str = "x86_64"
    # The metadata of the aggregates that it is in: key -> values.
    traits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # What its guests cannot have (``abilities``).
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """One server that needs a host."""

    vcpus: int
    memory_mib: int
    disk_gib: int
    zone: str = ""
    forced_host: str = ""
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    image_properties: Mapping[str, Any] = field(default_factory=dict)
    # The server group: its policy, how many members each host has already.
    group_policy: str = ""
    group_rules: Mapping[str, Any] = field(default_factory=dict)
    group_hosts: Mapping[str, int] = field(default_factory=dict)
    same_hosts: frozenset[str] | None = None  # one of these; None: no such hint
    different_hosts: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()  # what its host must be able to give it
    tried: frozenset[str] = frozenset()  # hosts on which it has failed before
