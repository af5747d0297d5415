"""``OS::Heat::ScalingPolicy``: a URL that changes a group's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    attributes,
    number,
    text,
    whole,
)
from compute.orchestration.resources.heat.scaling_rules import ADJUSTMENTS, PERCENT

ROOM = "orchestration"
USED = "used_at"
# What alarms send along; only these mean that something is to be done.
ALARM = ("alarm", "low data", "insufficient data")


class ScalingPolicy(ResourceType):
    """Signals to it change the group."""

    name = "OS::Heat::ScalingPolicy"
    description = "Changes the size of a group when it is signalled."
    properties = {
        "auto_scaling_group_id": text("The group", required=True),
        "scaling_adjustment": number("By how much", required=True, live=True),
        "adjustment_type": text(
            "What that means", required=True, live=True, one_of=ADJUSTMENTS
        ),
        "cooldown": number("Seconds until it is heard again", live=True, least=0),
        "min_adjustment_step": whole("By how many at least", live=True, least=0),
    }
    attributes = attributes(
        alarm_url="Where to signal it", signal_url="Where to signal it"
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """A least step belongs to a share."""
        kind, step = properties["adjustment_type"], properties["min_adjustment_step"]
        if step is not None and isinstance(kind, str) and kind != PERCENT:
            raise Invalid(f"min_adjustment_step: it belongs to {PERCENT}")

    def create(self, work: Work) -> None:
        """Nothing but a name."""
        work.made(lambda: work.marker)

    def attribute(self, work: Work, name: str) -> Any:
        """The same URL twice."""
        return work.signal_url() if name in self.attributes else None

    def signal(self, work: Work, details: Any) -> str:
        """Pass it on to the group."""
        if isinstance(details, Mapping):
            state = str(details.get("current") or details.get("state") or "alarm")
            if state.lower() not in ALARM:
                return f"alarm state changed to {state}: nothing is done"
        cooldown = work.properties["cooldown"] or 0
        if work.now - float(work.data.get(USED) or 0) < cooldown:
            return "It was used only just now: nothing is done"
        stack = ("stacks", work.stack_name, work.stack_id, "resources")
        group = self._group(work, stack)
        body = {
            "adjustment": work.properties["scaling_adjustment"],
            "adjustment_type": work.properties["adjustment_type"],
            "min_adjustment_step": work.properties["min_adjustment_step"],
        }
        work.cloud.post(ROOM, *stack, group, "signal", body=body)
        work.remember(**{USED: work.now})
        return ""

    def _group(self, work: Work, stack: tuple[str, ...]) -> str:
        wanted = work.properties["auto_scaling_group_id"]
        for each in work.cloud.get(ROOM, *stack)["resources"]:
            if wanted in (each["physical_resource_id"], each["resource_name"]):
                return str(each["resource_name"])
        raise Invalid(f"There is no group {wanted} in the stack")


TYPES = (ScalingPolicy(),)
