"""Things that stacks are made of in tests, and power that fails at any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from compute.core.sql.database import Connection, Database
from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.properties import (
    ANY,
    BOOLEAN,
    INTEGER,
    MAP,
    STRING,
    Attribute,
    Property,
    Schema,
)
from compute.orchestration.frame.resource_type import (
    SAVED,
    Change,
    ResourceType,
    saved_name,
)
from compute.orchestration.frame.work import Cloud, Work
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")


class Crash(BaseException):
    """The power is gone."""


class Power:
    """It may fail whenever something has just been done.  What comes between that and
    the next thing is in memory only: a later moment would find the same world.

    ``fail_at``: the moment from which on nothing works until ``restore``.
    """

    def __init__(self) -> None:
        self.moments = 0
        self.fail_at: int | None = None
        self._is_gone = False

    def need(self) -> None:
        """Something is about to be done."""
        if self._is_gone:
            raise Crash

    def moment(self) -> None:
        """Something was just done."""
        self.moments += 1
        if self._is_gone or self.moments == self.fail_at:
            self._is_gone = True
            raise Crash

    def restore(self) -> None:
        """It is back, and stays."""
        self._is_gone, self.fail_at = False, None


class FrailDatabase(Database):
    """Fails between transactions, never in one."""

    power: Power

    def run(self, function: Callable[[Connection], T]) -> T:
        self.power.need()
        found = super().run(function)
        self.power.moment()
        return found


class World:
    """The things that there are, by id; ``log``: what was done to them."""

    def __init__(self, power: Power) -> None:
        self.power = power
        self.things: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, str]] = []
        self.away = False
        self.slow = 0  # looks before a thing is ready
        self._count = 0

    def make(self, name: str, values: Mapping[str, Any]) -> str:
        """A new thing under that name."""
        self._reach()
        self._count += 1
        identifier = f"thing{self._count}"
        self.things[identifier] = {**values, "name": name, "looks": self.slow}
        self._note("make", name)
        return identifier

    def find(self, name: str) -> str | None:
        """A thing by its name."""
        self._reach()
        return next(
            (key for key, each in self.things.items() if each["name"] == name), None
        )

    def change(self, identifier: str, values: Mapping[str, Any]) -> None:
        """Change one."""
        self._reach()
        if identifier not in self.things:
            raise ResourceFailed("it is not there")
        self.things[identifier].update(values)
        self._note("change", self.things[identifier]["name"])

    def is_ready(self, identifier: str) -> bool:
        """Whether it is."""
        self._reach()
        thing = self.things[identifier]
        thing["looks"] -= 1
        return bool(thing["looks"] < 0)

    def drop(self, identifier: str) -> None:
        """Take one away, if it is there."""
        self._reach()
        gone = self.things.pop(identifier, None)
        if gone is not None:
            self._note("drop", gone["name"])

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("told to be away")
        self.power.need()

    def _note(self, verb: str, name: str) -> None:
        # Names are stack-resource-suffix.
        self.log.append((verb, name.rsplit("-", 1)[0]))
        self.power.moment()


class Thing(ResourceType):
    """Something in the world."""

    name = "Test::Thing"
    properties: ClassVar[Schema] = {
        "size": Property(INTEGER, default=1, updatable=True),
        "colour": Property(STRING),
        "fails": Property(STRING, default="", updatable=True),
        "fixed": Property(STRING, immutable=True),
        "extra": Property(MAP, updatable=True),
        "any": Property(ANY, updatable=True),
        "flag": Property(BOOLEAN, updatable=True),
        "key": Property(STRING, secret=True, updatable=True),
    }
    attributes: ClassVar[Mapping[str, Attribute]] = {
        "size": Attribute("its size"),
        "name": Attribute("its name"),
    }

    def __init__(self, world: World) -> None:
        self._world = world

    def validate(self, properties: Mapping[str, Any]) -> None:
        if properties["size"] == 666:
            raise Invalid("size: it is the number of the beast")

    def create(self, work: Work) -> None:
        if work.properties["fails"] == "create":
            raise ResourceFailed("told to fail")
        work.made(
            lambda: self._world.make(work.physical_name, work.properties),
            lambda: self._world.find(work.physical_name),
        )

    def is_created(self, work: Work) -> bool:
        if work.properties["fails"] == "wait":
            return False
        return self._world.is_ready(work.physical_id)

    def give_up(self, work: Work, reason: str) -> None:
        self._world.log.append(("give up", reason))

    def update(self, work: Work, change: Change) -> None:
        if work.properties["fails"] == "update":
            raise ResourceFailed("told to fail")
        self._world.change(
            work.physical_id, {name: work.properties[name] for name in change.names}
        )

    def is_updated(self, work: Work) -> bool:
        return bool(work.properties["fails"] != "wait")

    def delete(self, work: Work) -> None:
        if work.properties.get("fails") == "delete":
            raise ResourceFailed("told to fail")
        if work.physical_id:
            self._world.drop(work.physical_id)

    def find_lost(self, work: Work) -> str | None:
        return self._world.find(work.physical_name)

    def check(self, work: Work) -> None:
        if work.physical_id not in self._world.things:
            raise ResourceFailed("it is not there")

    def suspend(self, work: Work) -> None:
        self._world.change(work.physical_id, {"asleep": True})

    def resume(self, work: Work) -> None:
        self._world.change(work.physical_id, {"asleep": False})

    def snapshot(self, work: Work) -> None:
        if work.properties["fails"] == "snapshot":
            raise ResourceFailed("told to fail")
        name = saved_name(work)
        found = self._world.find(name) or self._world.make(name, work.properties)
        work.remember(**{SAVED: {"thing": found}})

    def is_snapshotted(self, work: Work) -> bool:
        return self._world.is_ready(work.data[SAVED]["thing"])

    def restored(self, saved: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"any": saved["thing"]}

    def drop_saved(self, cloud: Cloud, saved: Mapping[str, Any]) -> None:
        self._world.drop(saved["thing"])

    def attribute(self, work: Work, name: str) -> Any:
        thing = self._world.things.get(work.physical_id, {})
        return thing.get(name)

    def signal(self, work: Work, details: Any) -> str:
        work.remember(told=details)
        return f"told {details}"
