"""``OS::Heat::AutoScalingGroup``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import IN_PROGRESS, Work
from compute.orchestration.resources.frame.group_type import GroupType, document
from compute.orchestration.resources.frame.schemas import (
    a_list,
    a_map,
    a_number,
    attributes,
    mapping,
    number,
    whole,
)
from compute.orchestration.resources.heat import batches, scaling_rules
from compute.orchestration.resources.heat.batches import Pace
from compute.orchestration.resources.heat.resource_group import RESOURCE
from compute.orchestration.template.paths import along

MEMBERS, COUNTER, SCALED = "members", "counter", "scaled_at"
GROUP_MAX = 1000


class AutoScalingGroup(GroupType):
    """Resources of one kind, as many as scaling policies want."""

    name = "OS::Heat::AutoScalingGroup"
    description = "Resources of one kind, more or fewer of them as policies say."
    properties = {
        "resource": mapping("What each is", RESOURCE, required=True, live=True),
        "max_size": whole(
            "How many at most", required=True, live=True, least=0, most=GROUP_MAX
        ),
        "min_size": whole("How many at least", required=True, live=True, least=0),
        "cooldown": whole("Seconds between two changes", live=True, least=0),
        "desired_capacity": whole("How many at first", live=True, least=0),
        "rolling_updates": mapping(
            "How another definition comes to all of them",
            {
                "min_in_service": whole("How many are left alone", 0, least=0),
                "max_batch_size": whole("How many at once", 1, least=1),
                "pause_time": number("Seconds between", 0, least=0),
            },
            {"min_in_service": 0, "max_batch_size": 1, "pause_time": 0},
            live=True,
        ),
    }
    attributes = attributes(
        outputs=a_map("One attribute of each, by their names"),
        outputs_list=a_list("One attribute of each"),
        current_size=a_number("How many there are"),
        refs=a_list("What get_resource gives for each"),
        refs_map=a_map("The same by their names"),
    )

    def validate(self, properties: Mapping[str, Any]) -> None:
        """The sizes are in order."""
        least, most = properties["min_size"], properties["max_size"]
        if not isinstance(least, int) or not isinstance(most, int):
            return
        if least > most:
            raise Invalid("min_size: it is greater than max_size")
        wanted = properties["desired_capacity"]
        if isinstance(wanted, int) and not least <= wanted <= most:
            raise Invalid("desired_capacity: it is between min_size and max_size")

    # ---- who is in it ------------------------------------------------------------

    def members(self, work: Work) -> Sequence[str]:
        """The oldest first."""
        return list(work.data.get(MEMBERS) or ())

    def _resize(self, work: Work, size: int) -> None:
        counter = int(work.data.get(COUNTER) or 0)
        members, counter = scaling_rules.resized(self.members(work), size, counter)
        work.remember(**{MEMBERS: members, COUNTER: counter})

    def template(self, work: Work) -> Mapping[str, Any]:
        """Members that it is not yet the turn of are as they were."""
        new = {k: v for k, v in work.properties["resource"].items() if v is not None}
        wanted = dict.fromkeys(self.members(work), new)
        return document(batches.in_turn(work, wanted))

    # ---- create, update ------------------------------------------------------------

    def create(self, work: Work) -> None:
        """As many as are wanted at first."""
        given = work.properties["desired_capacity"]
        self._resize(work, work.properties["min_size"] if given is None else given)
        super().create(work)

    def update(self, work: Work, change: Change) -> None:
        """The size at once; another definition batch by batch."""
        given = work.properties
        size = len(self.members(work))
        if "desired_capacity" in change.names and given["desired_capacity"] is not None:
            size = given["desired_capacity"]
        self._resize(work, max(given["min_size"], min(given["max_size"], size)))
        if "resource" in change.names:
            former = work.nested.template().get("resources") or {}
            batches.start(work, len(self.members(work)), _pace(work), former)
        super().update(work, change)

    def is_updated(self, work: Work) -> bool:
        """When the last batch is."""
        if not super().is_updated(work):
            return False
        return batches.go_on(self, work, len(self.members(work)), _pace(work))

    # ---- scaling -------------------------------------------------------------------

    def signal(self, work: Work, details: Any) -> str:
        """Of a policy: ``adjustment``, ``adjustment_type``, ``min_adjustment_step``."""
        if not isinstance(details, Mapping) or "adjustment" not in details:
            raise Invalid("A scaling group is adjusted by its policies")
        state = work.nested.state()
        if state is None or state.status == IN_PROGRESS or batches.is_under_way(work):
            return "The group is just being changed: nothing is done"
        cooldown = work.properties["cooldown"] or 0
        if work.now - float(work.data.get(SCALED) or 0) < cooldown:
            return "The group was changed only just now: nothing is done"
        before = len(self.members(work))
        size = scaling_rules.adjusted(
            before,
            str(details.get("adjustment_type")),
            float(details["adjustment"]),
            work.properties["min_size"],
            work.properties["max_size"],
            details.get("min_adjustment_step"),
        )
        if size == before:
            return "The group has the size that is wanted"
        self._resize(work, size)
        work.remember(**{SCALED: work.now})
        self.renew(work)
        return f"The group changes from {before} to {size}"

    # ---- attributes ------------------------------------------------------------------

    def attribute_path(self, work: Work, name: str, path: tuple[Any, ...]) -> Any:
        """Also ``outputs``, ``outputs_list`` and ``current_size``."""
        members = self.members(work)
        if name == "current_size":
            return len(members)
        if name in ("outputs", "outputs_list"):
            found = super().attribute_path(work, "attributes", path[:1])
            if name == "outputs_list" and found is not None:
                return along(list(found.values()), path[1:])
            return along(found, path[1:])
        return super().attribute_path(work, name, path)


def _pace(work: Work) -> Pace:
    return Pace.of(work.properties["rolling_updates"] or {})


TYPES = (AutoScalingGroup(),)
