"""What an operator can choose of the alarm room."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """The alarm service."""

    alarms_per_project: int = option(
        100, "Alarms of a project; -1: any number", minimum=-1
    )
    actions_per_state: int = option(
        10, "Actions that an alarm may have for one of its states", minimum=0
    )
    evaluation_interval: Seconds = option(
        60.0, "How often an alarm's measures are looked at", minimum=0.1
    )
    evaluations_at_once: int = option(
        8, "Alarms that one process looks after at the same time", minimum=1
    )
    actions_at_once: int = option(
        8, "Actions that one process delivers at the same time", minimum=1
    )
    action_seconds: Seconds = option(
        10.0, "How long the server of a webhook may take to answer", minimum=0.1
    )
    action_tries: int = option(
        5, "How often an action is tried before it is given up", minimum=1
    )
    webhook_ports: tuple[int, ...] = option(
        (), "Ports that webhooks may name; empty: any"
    )
    webhook_hosts_refused: tuple[str, ...] = option(
        (), "Host names that webhooks may not name"
    )
    webhook_networks_allowed: tuple[str, ...] = option(
        (),
        "Private or loopback networks (CIDR) that webhooks may reach all the same",
    )
    webhook_to_ourselves: bool = option(
        False,
        "Whether webhooks may reach addresses of this machine and of the cloud's own"
        " services; signals to its stacks always may",
    )
    history_per_alarm: int = option(
        1000, "Changes that are kept of an alarm: the oldest go first", minimum=10
    )
    history_kept: Seconds = option(
        30 * 86400.0, "How long changes of an alarm are kept", minimum=60
    )
