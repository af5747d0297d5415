"""``OS::Octavia::L7Policy`` and ``OS::Octavia::L7Rule``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import find
from compute.orchestration.resources.frame.schemas import (
    a_list,
    attributes,
    flag,
    text,
    whole,
)
from compute.orchestration.resources.octavia.balancer_thing import BalancerThing

_NEEDS = {"REDIRECT_TO_POOL": "redirect_pool", "REDIRECT_TO_URL": "redirect_url"}


class L7Policy(BalancerThing):
    """What becomes of requests that all of its rules match."""

    name = "OS::Octavia::L7Policy"
    description = "What becomes of requests that its rules match."
    shelf = "octavia.l7policy"
    fields = {"redirect_pool": "redirect_pool_id", "listener": "listener_id"}
    properties = {
        "name": text("Its name", live=True),
        "description": text("What it is for", live=True),
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "action": text(
            "What is done", required=True, live=True, one_of=("REJECT", *_NEEDS)
        ),
        "redirect_pool": text("Who answers", live=True, is_a="octavia.pool"),
        "redirect_url": text("Where they are sent", live=True),
        "position": whole("Its turn", live=True, least=1),
        "listener": text("Of which listener", required=True, is_a="octavia.listener"),
    }
    attributes = attributes(rules=a_list("Its rules"))

    def validate(self, properties: Mapping[str, Any]) -> None:
        """What the action needs, and nothing else."""
        super().validate(properties)
        for action, name in _NEEDS.items():
            is_needed = properties["action"] == action
            if is_needed and properties[name] is None:
                raise Invalid(f"{name}: {action} needs it")
            if not is_needed and properties[name] is not None:
                raise Invalid(f"{name}: it belongs to {action}")


class L7Rule(BalancerThing):
    """What of a request is compared, how, and with what."""

    name = "OS::Octavia::L7Rule"
    description = "What of a request is compared, and with what."
    shelf = "octavia.l7rule"
    aside = frozenset({"l7policy"})
    properties = {
        "admin_state_up": flag("Whether it is switched on", True, live=True),
        "l7policy": text("Of which policy", required=True, is_a="octavia.l7policy"),
        "type": text(
            "What is compared",
            required=True,
            live=True,
            one_of=("HOST_NAME", "PATH", "FILE_TYPE", "HEADER", "COOKIE"),
        ),
        "compare_type": text(
            "How",
            required=True,
            live=True,
            one_of=("REGEX", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "EQUAL_TO"),
        ),
        "key": text("Of which header or cookie", live=True),
        "value": text("With what", required=True, live=True),
        "invert": flag("Whether it is the other way round", False, live=True),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Headers and cookies have names."""
        needs = properties["type"] in ("HEADER", "COOKIE")
        if needs and properties["key"] is None:
            raise Invalid("key: HEADER and COOKIE need it")

    def path(self, work: Work) -> tuple[str, ...]:
        """Below the policy."""
        policy = work.properties["l7policy"]
        if not work.physical_id:
            policy = find(work.cloud, "octavia.l7policy", policy)
        return ("l7policies", policy, "rules")


TYPES = (L7Policy(), L7Rule())
