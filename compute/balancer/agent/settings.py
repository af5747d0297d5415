"""What one host's load balancer agent is told at its start."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


class ServingKind(enum.Enum):
    """What serves."""

    HAPROXY = "haproxy"
    SIM = "sim"


@dataclass(frozen=True, slots=True)
class BalancerAgentSettings:
    """The load balancer agent of this host."""

    driver: ServingKind = option(
        ServingKind.HAPROXY,
        "What serves: haproxy processes; sim: nobody, to try things out",
    )
    look: Seconds = option(
        2.0, "How often processes, members and counters are looked at", minimum=0.1
    )
    user: str = option("haproxy", "Whom processes become when they have their sockets")
    group: str = option("haproxy", "And their group")
