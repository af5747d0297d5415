"""One resource at a time on the real rooms: made, changed, deleted; killed at any call.

It stands where the engine stands: what a type notes is kept, an act that was cut off is
begun again, ``Unavailable`` is asked again.  ``die_after=n`` ends the process, as it
were, right after the n-th request that changes something was carried out and before
anybody heard the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from compute.core.rooms.others import Rooms
from compute.orchestration.frame.properties import checked
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.registry import all_types
from objectstore.client.caller import Answer, Caller, Content
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import Unavailable
from test.fakes.tokens import fake_token

LOOKS_MAX = 60
TYPES = all_types()


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """The callers of a process that may be killed at a call."""

    def __init__(self) -> None:
        self.changes = 0
        self.die_after = 0

    def of(self, caller: Caller) -> Caller:
        return _MortalCaller(self, caller)

    def count(self) -> None:
        self.changes += 1
        if self.changes == self.die_after:
            raise Killed


@dataclass
class _MortalCaller:
    mortal: Mortal
    caller: Caller

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        *,
        timeout: float | None = None,
    ) -> Answer:
        answer = self.caller.request(method, path, headers, body, timeout=timeout)
        if method != "GET":
            self.mortal.count()
        return answer


@dataclass
class OwnToken:
    project_id: str
    roles: str

    def token(self) -> str:
        return fake_token(self.project_id, self.roles)

    def refused(self) -> None:
        raise AssertionError("the token is good")


@dataclass
class BenchWork:
    """``Work`` with its notes in memory, which outlives every death."""

    cloud: Rooms
    clock: Clock
    properties: Mapping[str, Any]
    marker: str
    name: str = "it"
    stack_id: str = "11111111-1111-1111-1111-111111111111"
    stack_name: str = "stack"
    physical_id: str = ""
    tried: bool = False
    started_at: float = 0.0
    data: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(1))
    nested: Any = None
    update_policy: dict[str, Any] = field(default_factory=dict)

    @property
    def physical_name(self) -> str:
        return f"stack-it-{self.marker[:12]}"

    @property
    def now(self) -> float:
        return self.clock.time()

    def made(
        self, make: Callable[[], str], find: Callable[[], str | None] | None = None
    ) -> str:
        if self.physical_id:
            return self.physical_id
        found = find() if self.tried and find is not None else None
        if not found:
            self.tried = True
            found = make()
        self.physical_id = found
        return found

    def remember(self, **values: Any) -> None:
        merged = {**self.data, **values}
        self.data = {name: value for name, value in merged.items() if value is not None}

    def change_metadata(
        self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        self.metadata = dict(change(self.metadata))

    def signal_url(self) -> str:
        return "http://here/signal"


class Bench:
    """``settle``: lets the rooms' own loops and hosts do what there is to do."""

    def __init__(
        self,
        callers: Mapping[str, Caller],
        clock: Any,
        project_id: str,
        settle: Callable[[], None],
        *,
        roles: str = "member",
    ) -> None:
        self.mortal = Mortal()
        self.clock = clock
        self._settle = settle
        self._random = Random(5)
        mortals = {name: self.mortal.of(each) for name, each in callers.items()}
        self.cloud = Rooms(mortals, OwnToken(project_id, roles))

    def work(self, type_name: str, **properties: Any) -> BenchWork:
        """A resource that is to be made."""
        kind = TYPES.get(type_name)
        values = checked(kind.properties, properties)
        kind.validate(values)
        marker = f"{self._random.getrandbits(128):032x}"
        marker = "-".join(
            (marker[:8], marker[8:12], marker[12:16], marker[16:20], marker[20:])
        )
        return BenchWork(self.cloud, self.clock, values, marker)

    def make(self, type_name: str, *, die_after: int = 0, **properties: Any) -> Any:
        """Make it, and wait until it is."""
        work = self.work(type_name, **properties)
        kind = TYPES.get(type_name)
        self.act(work, kind.create, kind.is_created, die_after=die_after)
        return work

    def change(
        self, type_name: str, work: BenchWork, *, die_after: int = 0, **given: Any
    ) -> Change:
        """Change it in place; the change tells whether it should have been replaced."""
        kind = TYPES.get(type_name)
        before = work.properties
        raw = {name: value for name, value in before.items() if value is not None}
        after = checked(kind.properties, {**raw, **given})
        kind.validate(after)
        names = frozenset(name for name in after if after[name] != before[name])
        change = Change(before, after, names)
        if kind.must_replace(change):
            return change
        work.properties = after
        self.act(
            work,
            lambda each: kind.update(each, change),
            kind.is_updated,
            die_after=die_after,
        )
        return change

    def delete(self, type_name: str, work: BenchWork, *, die_after: int = 0) -> None:
        """Take it away."""
        kind = TYPES.get(type_name)
        if not work.physical_id and work.tried:
            work.physical_id = kind.find_lost(work) or ""
        self.act(work, kind.delete, kind.is_deleted, die_after=die_after)

    def act(
        self,
        work: BenchWork,
        begin: Callable[[Any], None],
        is_done: Callable[[Any], bool],
        *,
        die_after: int = 0,
    ) -> int:
        """Both halves; how many requests changed something.  Killed, it is begun
        again."""
        self.mortal.changes, self.mortal.die_after = 0, die_after
        work.started_at = self.clock.time()
        has_begun = False
        for _ in range(LOOKS_MAX):
            try:
                if not has_begun:
                    begin(work)
                    has_begun = True
                elif is_done(work):
                    return self.mortal.changes
            except Killed:
                has_begun = False
            except Unavailable:
                pass
            self.clock.advance(1.0)
            self._settle()
        raise AssertionError("it does not end")

    def kind(self, type_name: str) -> ResourceType:
        """The type."""
        return TYPES.get(type_name)
