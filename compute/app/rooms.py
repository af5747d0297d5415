"""Which rooms there are: their settings, their tables, and how each is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from compute.agent.drivers.libvirt.settings import LibvirtSettings
from compute.agent.settings import GuestAgentSettings
from compute.alarm.settings import AlarmSettings
from compute.balancer.agent.settings import BalancerAgentSettings
from compute.balancer.settings import BalancerSettings
from compute.core.rooms.room import Room, RoomParts
from compute.dashboard.settings import DashboardSettings
from compute.ec2.settings import Ec2Settings
from compute.identity.settings import IdentitySettings
from compute.image.settings import ImageSettings
from compute.instance.settings import InstanceSettings
from compute.metric.settings import MetricSettings
from compute.network.agent.settings import NetworkAgentSettings
from compute.network.settings import NetworkSettings
from compute.orchestration.settings import OrchestrationSettings
from compute.secret.settings import SecretSettings
from compute.volume.settings import VolumeSettings

BuildRoom = Callable[[RoomParts, Any], Room]

# The package that a role's room is in.
ROOMS: Mapping[str, str] = {
    "identity": "identity",
    "image": "image",
    "network": "network",
    "volume": "volume",
    "compute": "instance",
    "ec2": "ec2",
    "load-balancer": "balancer",
    "orchestration": "orchestration",
    "alarming": "alarm",
    "metric": "metric",
    "key-manager": "secret",
    "dashboard": "dashboard",
}
# It keeps nothing in the database.
WITHOUT_TABLES = ("dashboard",)

SETTINGS: Mapping[str, type] = {
    "identity": IdentitySettings,
    "image": ImageSettings,
    "network": NetworkSettings,
    "volume": VolumeSettings,
    "compute": InstanceSettings,
    "ec2": Ec2Settings,
    "load-balancer": BalancerSettings,
    "orchestration": OrchestrationSettings,
    "alarming": AlarmSettings,
    "metric": MetricSettings,
    "key-manager": SecretSettings,
    "dashboard": DashboardSettings,
    "agent": GuestAgentSettings,
    "libvirt": LibvirtSettings,
    "network-agent": NetworkAgentSettings,
    "balancer-agent": BalancerAgentSettings,
}
"""The sections of a cloud's file, the frame's apart."""

# The line of migrations that a role's tables belong to.
PACKAGES: Mapping[str, str] = {
    role: package for role, package in ROOMS.items() if role not in WITHOUT_TABLES
}


def build_room(role: str, parts: RoomParts, settings: Any) -> Room:
    """A process loads the rooms that it plays, and no other: each takes its time."""
    build: BuildRoom = import_module(f"compute.{ROOMS[role]}.room").build_room
    return build(parts, settings)
