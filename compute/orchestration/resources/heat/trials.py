"""``OS::Heat::None``, ``OS::Heat::TestResource``, ``OS::Heat::Delay``: resources
without anything behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.properties import ANY, Property, Schema
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.schemas import (
    attributes,
    flag,
    mapping,
    number,
    text,
    texts,
)

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"
SECONDS = "wait_secs"
WAIT_MAX = 43_200
_JITTER = "jitter"


class Anything(Mapping[str, Property]):
    """A schema that has every name and lists none."""

    def __getitem__(self, name: str) -> Property:
        return Property(ANY, "Anything", updatable=True)

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class NoResource(ResourceType):
    """Takes any properties and does nothing: an environment names it in the place of
    what is not wanted."""

    name = "OS::Heat::None"
    description = "Nothing, whatever properties it is given."
    properties: ClassVar[Schema] = Anything()

    def create(self, work: Work) -> None:
        """Nothing but a name."""
        work.made(lambda: work.marker)

    def has_attribute(self, name: str) -> bool:
        """Any, and each is null."""
        return True


class TestResource(ResourceType):
    """Does as its properties say, to try templates out."""

    name = "OS::Heat::TestResource"
    description = "Waits, fails or is replaced as its properties say."
    properties = {
        "value": text("What its attribute output gives", "test_string", live=True),
        "fail": flag("Whether it fails", False, live=True),
        "update_replace": flag("Whether updates replace it", False, live=True),
        "update_replace_value": text("An update of this replaces it", live=True),
        "wait_secs": number("Seconds", 0, live=True, least=0, most=WAIT_MAX),
        "action_wait_secs": mapping(
            "Seconds, by actions",
            {
                name: number("Seconds", least=0, most=WAIT_MAX)
                for name in ("create", "update", "delete")
            },
            live=True,
        ),
        "client_name": text("Whom to ask meanwhile; nobody is asked here", live=True),
        "entity_name": text("What to ask for; nobody is asked here", live=True),
    }
    attributes = attributes(output="The value")

    def must_replace(self, change: Change) -> bool:
        """As its properties say."""
        asked = bool(change.after["update_replace"])
        return asked or "update_replace_value" in change.names

    def create(self, work: Work) -> None:
        """Nothing but a name."""
        work.made(lambda: work.marker)

    def is_created(self, work: Work) -> bool:
        """After its time."""
        return self._is_over(work, "create")

    def is_updated(self, work: Work) -> bool:
        """After its time."""
        return self._is_over(work, "update")

    def is_deleted(self, work: Work) -> bool:
        """After its time."""
        return not work.physical_id or self._has_waited(work, "delete")

    def _is_over(self, work: Work, action: str) -> bool:
        is_over = self._has_waited(work, action)
        if is_over and work.properties["fail"]:
            raise ResourceFailed("Test Resource failed " + work.name)
        return is_over

    def _has_waited(self, work: Work, action: str) -> bool:
        by_action = work.properties["action_wait_secs"] or {}
        seconds = by_action.get(action)
        if seconds is None:
            seconds = work.properties[SECONDS]
        return bool(work.now - work.started_at >= seconds)

    def attribute(self, work: Work, name: str) -> Any:
        """``output``."""
        return work.properties["value"] if name == "output" else None


class Delay(ResourceType):
    """Lets what depends on it wait."""

    name = "OS::Heat::Delay"
    description = "Lets what depends on it wait for a while."
    properties = {
        "min_wait": number("Seconds at least", 0, live=True, least=0),
        "max_jitter": number("Parts more at most", 0, live=True, least=0),
        "jitter_multiplier": number("Seconds of a part", 1.0, live=True, least=0),
        "actions": texts(
            "Before which actions", [CREATE], live=True, one_of=(CREATE, UPDATE, DELETE)
        ),
    }
    attributes = attributes(start_delay="Seconds when it was made")

    def create(self, work: Work) -> None:
        """Choose how long."""
        if work.data.get(_JITTER) is None:
            work.remember(**{_JITTER: work.random.random()})
        work.made(lambda: work.marker)

    def _seconds(self, work: Work, action: str) -> float:
        given = work.properties
        if action not in given["actions"]:
            return 0.0
        parts = given["max_jitter"] * float(work.data.get(_JITTER) or 0)
        return float(given["min_wait"] + parts * given["jitter_multiplier"])

    def is_created(self, work: Work) -> bool:
        """After its time."""
        return work.now - work.started_at >= self._seconds(work, CREATE)

    def is_updated(self, work: Work) -> bool:
        """After its time."""
        return work.now - work.started_at >= self._seconds(work, UPDATE)

    def is_deleted(self, work: Work) -> bool:
        """After its time."""
        return work.now - work.started_at >= self._seconds(work, DELETE)

    def attribute(self, work: Work, name: str) -> Any:
        """``start_delay``."""
        return self._seconds(work, CREATE)


TYPES = (NoResource(), TestResource(), Delay())
