"""What an operator can choose of the load balancer room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class BalancerSettings:
    """The load balancer service."""

    down_after: Seconds = option(
        60.0,
        "A host that is silent for so long has no load balancers: they move",
        minimum=1,
    )
    pending_seconds: Seconds = option(
        300.0, "What has not come true after so long is in ERROR", minimum=1
    )
    quota_load_balancer: int = option(
        10, "Load balancers of a project; -1: any number", minimum=-1
    )
    quota_listener: int = option(
        50, "Listeners of a project; -1: any number", minimum=-1
    )
    quota_pool: int = option(50, "Pools of a project; -1: any number", minimum=-1)
    quota_health_monitor: int = option(
        50, "Health monitors of a project; -1: any number", minimum=-1
    )
    quota_member: int = option(500, "Members of a project; -1: any number", minimum=-1)
    quota_l7policy: int = option(
        100, "L7 policies of a project; -1: any number", minimum=-1
    )
    quota_l7rule: int = option(200, "L7 rules of a project; -1: any number", minimum=-1)

    def quotas(self) -> Mapping[str, int]:
        """The usual limits, by the API's names."""
        return {
            "load_balancer": self.quota_load_balancer,
            "listener": self.quota_listener,
            "pool": self.quota_pool,
            "health_monitor": self.quota_health_monitor,
            "member": self.quota_member,
            "l7policy": self.quota_l7policy,
            "l7rule": self.quota_l7rule,
        }
