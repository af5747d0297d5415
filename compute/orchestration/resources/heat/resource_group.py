"""``OS::Heat::ResourceGroup`` and ``OS::Heat::ResourceChain``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count, islice
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.stack_type import CREATE, UPDATE
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.group_type import GroupType, document
from compute.orchestration.resources.frame.schemas import (
    a_list,
    a_map,
    attributes,
    flag,
    items,
    mapping,
    number,
    text,
    texts,
    whole,
)
from compute.orchestration.resources.heat import batches
from compute.orchestration.resources.heat.batches import Pace
from compute.orchestration.template.limits import WORK_MAX
from compute.orchestration.template.unknown import has_unknown
from compute.orchestration.template.weight import weight_of

# As many as one nested stack should have; the cloud's own limit may be less.
COUNT_MAX = 1000
REMOVED = "removed"
APPEND, REPLACE = "append", "update"

RESOURCE = {
    "type": text("Its type", required=True),
    "properties": mapping("Its properties"),
    "metadata": mapping("Its metadata"),
}
_SHOWN = attributes(
    refs=a_list("What get_resource gives for each"),
    refs_map=a_map("The same by their names"),
    attributes=a_map("One attribute of each, by their names"),
    removed_rsrc_list=a_list("Names that are not used any more"),
)


class ResourceGroup(GroupType):
    """So many resources of one kind, called 0, 1, 2 ..."""

    name = "OS::Heat::ResourceGroup"
    description = "So many resources of one kind."
    properties = {
        "count": whole("How many", 1, live=True, least=0, most=COUNT_MAX),
        "index_var": text("What becomes its number", "%index%", live=True, least=3),
        "resource_def": mapping("What each is", RESOURCE, required=True, live=True),
        "removal_policies": items(
            "Which go first",
            {
                "resource_list": texts(
                    "By their names, or by what get_resource gives", []
                )
            },
            [],
            live=True,
        ),
        "removal_policies_mode": text(
            "Whether those of earlier updates stay gone",
            APPEND,
            live=True,
            one_of=(APPEND, REPLACE),
        ),
    }
    attributes = _SHOWN
    update_policy = {
        "rolling_update": mapping(
            "How another definition comes to those that are there",
            {
                "min_in_service": whole("How many are left alone", 0, least=0),
                "max_batch_size": whole("How many at once", 1, least=1),
                "pause_time": number("Seconds between", 0, least=0),
            },
        ),
        "batch_create": mapping(
            "How they are made",
            {
                "max_batch_size": whole("How many at once", 1, least=1),
                "pause_time": number("Seconds between", 0, least=0),
            },
        ),
    }

    def create(self, work: Work) -> None:
        """Without those that are not wanted."""
        self._note_removed(work)
        policy = work.update_policy["batch_create"]
        if policy:
            batches.start(work, len(self.members(work)), Pace.of(policy))
        super().create(work)

    def is_created(self, work: Work) -> bool:
        """When the last batch is: all but the first are updates of the nested stack."""
        state = work.nested.state()
        is_first = state is None or state.action != UPDATE
        if not work.nested.finished(CREATE if is_first else UPDATE):
            return False
        return self._go_on(work, "batch_create")

    def update(self, work: Work, change: Change) -> None:
        """The same, with those that are there; another definition batch by batch."""
        self._note_removed(work)
        policy = work.update_policy["rolling_update"]
        if policy and change.names & {"resource_def", "index_var"}:
            former = work.nested.template().get("resources") or {}
            batches.start(work, len(self.members(work)), Pace.of(policy), former)
        else:
            batches.stop(work)
        super().update(work, change)

    def is_updated(self, work: Work) -> bool:
        """When the last batch is."""
        return super().is_updated(work) and self._go_on(work, "rolling_update")

    def _go_on(self, work: Work, policy: str) -> bool:
        # The template may have lost its policy since: then the rest is begun at once.
        size = len(self.members(work))
        pace = Pace.of(work.update_policy[policy] or {"max_batch_size": COUNT_MAX})
        return batches.go_on(self, work, size, pace)

    def _note_removed(self, work: Work) -> None:
        wanted = {
            str(each)
            for policy in work.properties["removal_policies"] or ()
            for each in policy["resource_list"] or ()
        }
        there = {each.name: each.name for each in work.nested.resources()}
        there |= {str(work.nested.attribute(name)): name for name in list(there)}
        removed = {there.get(each, each) for each in wanted}
        if work.properties["removal_policies_mode"] == APPEND:
            removed |= set(work.data.get(REMOVED) or ())
        work.remember(**{REMOVED: sorted(removed)})

    def members(self, work: Work) -> Sequence[str]:
        """The first numbers that are not gone."""
        removed = frozenset(work.data.get(REMOVED) or ())
        return list(names(work.properties["count"], removed))

    def template(self, work: Work) -> Mapping[str, Any]:
        """Each with its number; those that it is not yet the turn of as they were."""
        given, variable = work.properties["resource_def"], work.properties["index_var"]
        wanted = {
            name: numbered(_definition(given), variable, name)
            for name in self.members(work)
        }
        return document(batches.in_turn(work, wanted))

    def outline(
        self, properties: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
        """All of its members at once."""
        size, given = properties["count"], properties["resource_def"]
        variable = properties["index_var"]
        if has_unknown([size, given, variable]):
            return None
        if size * weight_of(given, WORK_MAX) > WORK_MAX:
            raise Invalid(f"{size} times this definition are too much of it")
        definition = _definition(given)
        wanted = {
            name: numbered(definition, variable, name)
            for name in names(size, frozenset())
        }
        return document(wanted), {}

    def attribute_path(self, work: Work, name: str, path: tuple[Any, ...]) -> Any:
        """Also ``removed_rsrc_list``."""
        if name == "removed_rsrc_list":
            return list(work.data.get(REMOVED) or ())
        return super().attribute_path(work, name, path)


def names(most: int, removed: frozenset[str]) -> Iterable[str]:
    """The first ``most`` numbers that are not ``removed``."""
    free = (str(number) for number in count() if str(number) not in removed)
    return islice(free, most)


def numbered(value: Any, variable: str, number: str) -> Any:
    """The value with a number for the variable, wherever it is in texts."""
    if isinstance(value, str):
        return value.replace(variable, number)
    if isinstance(value, Mapping):
        return {key: numbered(each, variable, number) for key, each in value.items()}
    if isinstance(value, list):
        return [numbered(each, variable, number) for each in value]
    return value


def _definition(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


class ResourceChain(GroupType):
    """One resource of each of several types, with the same properties."""

    name = "OS::Heat::ResourceChain"
    description = "One resource of each of several types, one after the other."
    properties = {
        "resources": texts("Their types", required=True, live=True),
        "concurrent": flag("Whether all at once", False, live=True),
        "resource_properties": mapping("The properties of each", live=True),
    }
    attributes = {name: _SHOWN[name] for name in ("refs", "refs_map", "attributes")}

    def validate(self, properties: Mapping[str, Any]) -> None:
        """There is something in it."""
        if properties["resources"] == []:
            raise Invalid("resources: at least one is needed")

    def members(self, work: Work) -> Sequence[str]:
        """Their numbers."""
        return [str(number) for number in range(len(work.properties["resources"]))]

    def template(self, work: Work) -> Mapping[str, Any]:
        """Each after the one before it."""
        found: dict[str, dict[str, Any]] = {}
        for place, kind in enumerate(work.properties["resources"]):
            each: dict[str, Any] = {"type": kind}
            if work.properties["resource_properties"]:
                each["properties"] = work.properties["resource_properties"]
            if place and not work.properties["concurrent"]:
                each["depends_on"] = [str(place - 1)]
            found[str(place)] = each
        return document(found)


TYPES = (ResourceGroup(), ResourceChain())
