"""Which rooms there are: their settings, their tables, and how each is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from compute.agent.drivers.libvirt.settings import LibvirtSettings
from compute.agent.settings import GuestAgentSettings
from compute.alarm.room import build_room as build_alarm
from compute.alarm.settings import AlarmSettings
from compute.balancer.agent.settings import BalancerAgentSettings
from compute.balancer.room import build_room as build_balancer
from compute.balancer.settings import BalancerSettings
from compute.core.room import Room, RoomParts
from compute.dashboard.room import build_room as build_dashboard
from compute.dashboard.settings import DashboardSettings
from compute.ec2.room import build_room as build_ec2
from compute.ec2.settings import Ec2Settings
from compute.identity.settings import IdentitySettings
from compute.image.room import build_room as build_image
from compute.image.settings import ImageSettings
from compute.instance.room import build_room as build_instance
from compute.instance.settings import InstanceSettings
from compute.metric.room import build_room as build_metric
from compute.metric.settings import MetricSettings
from compute.network.agent.settings import NetworkAgentSettings
from compute.network.room import build_room as build_network
from compute.network.settings import NetworkSettings
from compute.orchestration.room import build_room as build_orchestration
from compute.orchestration.settings import OrchestrationSettings
from compute.volume.room import build_room as build_volume
from compute.volume.settings import VolumeSettings

BuildRoom = Callable[[RoomParts, Any], Room]

# By role; identity is built apart, before them.
BUILDERS: Mapping[str, BuildRoom] = {
    "image": build_image,
    "network": build_network,
    "volume": build_volume,
    "compute": build_instance,
    "ec2": build_ec2,
    "load-balancer": build_balancer,
    "orchestration": build_orchestration,
    "alarming": build_alarm,
    "metric": build_metric,
    "dashboard": build_dashboard,
}

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
    "dashboard": DashboardSettings,
    "agent": GuestAgentSettings,
    "libvirt": LibvirtSettings,
    "network-agent": NetworkAgentSettings,
    "balancer-agent": BalancerAgentSettings,
}
"""The sections of a cloud's file, the frame's apart."""

# The package, and with it the line of migrations, that a role's tables belong to;
# a role that is not here has none.
PACKAGES: Mapping[str, str] = {
    "identity": "identity",
    "image": "image",
    "network": "network",
    "volume": "volume",
    "compute": "instance",
    "load-balancer": "balancer",
    "orchestration": "orchestration",
    "alarming": "alarm",
    "metric": "metric",
}
