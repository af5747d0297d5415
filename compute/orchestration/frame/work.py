"""What a resource type is given to work with: one resource of one stack, now.

Everything that is remembered here is on disk when the call returns, so that whoever
goes on after a crash knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

# States of a nested stack, as its parent sees it.
IN_PROGRESS, COMPLETE, FAILED = "IN_PROGRESS", "COMPLETE", "FAILED"


class Cloud(Protocol):
    """The cloud's other rooms, asked with the rights of the stack's user.

    ``room``: ``compute`` (/v2.1), ``volume`` (/v3), ``image`` (/v2), ``network``
    (/v2.0), ``load-balancer`` (/v2.0/lbaas), ``identity`` (/v3), ``object-store``
    (/v1/AUTH_project), ``orchestration`` (/v1/project: ourselves).  Path segments are
    quoted.  Each raises ``Rejected`` with the room's status and sentence (404: it is
    not there), ``Unavailable`` when the room is away: then the engine calls again.
    """

    @property
    def project_id(self) -> str:
        """The stack's project."""

    def get(self, room: str, *path: str, **query: Any) -> Any:
        """A document."""

    def post(self, room: str, *path: str, body: Any) -> Any:
        """Make something, or have something done."""

    def put(self, room: str, *path: str, body: Any) -> Any:
        """Change something."""

    def patch(self, room: str, *path: str, body: Any, kind: str = "") -> Any:
        """Change something; ``kind``: the patch's media type."""

    def delete(self, room: str, *path: str) -> bool:
        """Take something away; False when it was not there."""

    def find(self, room: str, *path: str) -> Any | None:
        """``get``, or None when it is not there."""

    def pages(
        self, room: str, key: str, *path: str, **query: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Every entry of a list, however many pages it has; ``key``: its name in the
        documents."""

    def raw(
        self,
        room: str,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> tuple[int, Mapping[str, str], bytes]:
        """For what is not JSON (objects): status, headers in lower case, body.  The
        path begins with a slash, is quoted, and is below the room's base."""


@dataclass(frozen=True, slots=True)
class ChildState:
    """How a nested stack stands."""

    id: str
    action: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChildResource:
    """One resource of a nested stack."""

    name: str
    type: str
    physical_id: str
    action: str
    status: str
    created_at: float


class Nested(Protocol):
    """The stack that a resource consists of.  ``create``, ``update`` and the others
    only begin; ``state`` tells how far it is (``finished`` reads it for you)."""

    def create(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_minutes: int | None = None,
    ) -> None:
        """Begin to make it; its id becomes the resource's physical id in the same
        transaction, so doing it again after a crash makes none again.  Files and
        environment are the parent's.  ``Invalid`` for a wrong template."""

    def update(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_minutes: int | None = None,
    ) -> None:
        """Begin to change it."""

    def act(self, action: str) -> None:
        """Begin DELETE, SUSPEND, RESUME or CHECK; nothing when it is not there, or does
        that already."""

    def state(self) -> ChildState | None:
        """None when it was not made, or is deleted."""

    def finished(self, action: str) -> bool:
        """Whether that action of it is complete (a DELETE also: it is gone).
        ``ResourceFailed`` with its reason when it has failed."""

    def template(self) -> Mapping[str, Any]:
        """The template that it has, {} when it is not there."""

    def outputs(self) -> Mapping[str, Any]:
        """Its outputs' values by their names."""

    def resources(self) -> Sequence[ChildResource]:
        """Its resources that there are now, by their names."""

    def attribute(self, resource: str, *path: Any) -> Any:
        """An attribute of one of its resources; no path: its ``get_resource``."""


class Work(Protocol):
    """One resource.  Properties are resolved, checked and converted."""

    @property
    def stack_id(self) -> str:
        """The stack's."""

    @property
    def stack_name(self) -> str:
        """The stack's."""

    @property
    def name(self) -> str:
        """The resource's, in its template."""

    @property
    def update_policy(self) -> Mapping[str, Any]:
        """By the type's ``update_policy``, checked; asked of the template, not kept."""

    @property
    def marker(self) -> str:
        """A uuid of this resource of this stack, the same whenever it is worked on
        again, and another after a replacement: what is made under it is found again."""

    @property
    def physical_name(self) -> str:
        """``stack-resource-xxxxxxxxxxxx``: unique, the same whenever it is asked for,
        fit for a host's name; what things without a name of their own are called."""

    @property
    def physical_id(self) -> str:
        """What ``made`` noted; "" before."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """As the template wants them now, each of the schema's names."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The resource's metadata, as it is now."""

    @property
    def data(self) -> Mapping[str, Any]:
        """What ``remember`` wrote."""

    @property
    def cloud(self) -> Cloud:
        """The other rooms."""

    @property
    def nested(self) -> Nested:
        """The stack that this resource consists of, if it is of such a type."""

    @property
    def now(self) -> float:
        """Seconds since the epoch."""

    @property
    def random(self) -> Random:
        """Randomness that nobody can guess."""

    @property
    def started_at(self) -> float:
        """When the present action of the resource began."""

    def made(
        self, make: Callable[[], str], find: Callable[[], str | None] | None = None
    ) -> str:
        """The physical id.  The first time ``make`` makes the thing and gives its id,
        which is noted.  When an earlier try may have got through without our hearing
        of it, ``find`` is asked first (by the marker, or a unique name)."""

    def remember(self, **values: Any) -> None:
        """Note these (JSON) in ``data``; None forgets one."""

    def change_metadata(
        self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        """Replace the resource's metadata by what becomes of them: ``change`` is given
        them as they are now, perhaps several times, and what others write meanwhile is
        not lost.  What it raises is raised."""

    def signal_url(self) -> str:
        """Where whoever has this URL, and no token, may POST a signal to the
        resource."""
