"""The base class of every resource type.

A type has no state of its own: one object serves every resource of the cloud, which it
is given as ``work``.  Each act has two halves: one begins it and returns soon, the
other is asked again and again (about once a second, less often later) until it says
True.  Nothing here sleeps, and no thread waits for a resource.

What a half raises:
- ``ResourceFailed(text)`` and ``Rejected`` (what a room answers): the resource has
  FAILED, with that text, which users see: no secrets in it.
- ``Unavailable``: nothing; the same half is called again a moment later.

**Again after a crash.**  Any half may be called once more after it was already done,
or half done: so each looks first, or does what is the same when it is done twice.  What
must not exist twice is made through ``work.made(make, find)``.  Where an API has no
field for a marker, make the thing under ``work.physical_name`` and rename it after.

    class Box(ResourceType):
        name = "OS::Example::Box"
        properties = {"size": Property(INTEGER, "GiB", required=True, updatable=True)}

        def create(self, work):
            size, name = work.properties["size"], work.physical_name
            body = {"box": {"size": size, "name": name}}
            work.made(
                lambda: work.cloud.post("boxes", "boxes", body=body)["box"]["id"],
                lambda: first_id(work.cloud.pages("boxes", "boxes", "boxes",
                                                  name=name)),
            )

        def is_created(self, work):
            return work.cloud.get(...)["box"]["status"] == "READY"

Types are found by the registry: a module below ``resources`` lists them in ``TYPES``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.properties import Attribute, Schema
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.template.paths import along

__all__ = [
    "DEPRECATED",
    "HIDDEN",
    "SAVED",
    "SUPPORTED",
    "Change",
    "Definition",
    "ResourceType",
    "Support",
    "along",
    "saved_name",
]

# In a resource's data: what the last snapshot saved of it.
SAVED = "OS::snapshot"

SUPPORTED, DEPRECATED, HIDDEN = "SUPPORTED", "DEPRECATED", "HIDDEN"


@dataclass(frozen=True, slots=True)
class Support:
    """Since which release, and whether still."""

    status: str = SUPPORTED
    version: str = ""
    message: str = ""

    def show(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "status": self.status,
            "version": self.version or None,
            "message": self.message or None,
            "previous_status": None,
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """A resource as its template has it, functions not resolved."""

    name: str
    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What an update would change.  ``names``: the properties of which the new value is
    not the old one (or not the one that a failed update tried to set)."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    names: frozenset[str]


class ResourceType:
    """One type.  Set ``name`` and the schemas; override what differs."""

    name: ClassVar[str]
    description: ClassVar[str] = ""
    properties: ClassVar[Schema] = {}
    attributes: ClassVar[Mapping[str, Attribute]] = {}
    # What a resource's ``update_policy`` says; {}: nothing that this type knows.
    update_policy: ClassVar[Schema] = {}
    support: ClassVar[Support] = Support()
    # Its physical resource is a stack: see ``work.nested``.
    is_stack: ClassVar[bool] = False
    # Who may use it: a role ("admin"), or everybody.
    needs_role: ClassVar[str] = ""

    # ---- pure -------------------------------------------------------------------

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Raise ``Invalid`` for properties that do not go together.  Before resources
        are there some values are ``UNKNOWN`` (frame/properties.py)."""

    def dependencies(
        self, mine: Definition, others: Mapping[str, Definition]
    ) -> Iterable[str]:
        """Names of resources of the same template that must be there first though no
        function says so (a router's interface before a floating address)."""
        return ()

    def must_replace(self, change: Change) -> bool:
        """Whether an update makes a new resource and deletes this one.  Here: when a
        property changes that is not ``updatable``."""
        return any(not self.properties[name].updatable for name in change.names)

    def has_attribute(self, name: str) -> bool:
        """Whether ``get_attr`` may ask for it."""
        return name in self.attributes or name == "show"

    # ---- acts -------------------------------------------------------------------

    def create(self, work: Work) -> None:
        """Begin to make it."""
        raise NotImplementedError

    def is_created(self, work: Work) -> bool:
        """Whether it is ready."""
        return True

    def give_up(self, work: Work, reason: str) -> None:
        """Nobody waits any longer for what was begun; tell whoever works on it."""

    def update(self, work: Work, change: Change) -> None:
        """Begin to change it in place; ``work.properties`` are the new ones."""

    def is_updated(self, work: Work) -> bool:
        """Whether the change is done."""
        return True

    def delete(self, work: Work) -> None:
        """Begin to take it away; nothing when it is not there.  ``work.properties``
        are those that it was made with; ``work.physical_id`` may be ""."""

    def is_deleted(self, work: Work) -> bool:
        """Whether it is gone."""
        return True

    def suspend(self, work: Work) -> None:
        """Begin to suspend it, if that means something."""

    def is_suspended(self, work: Work) -> bool:
        """Whether it is suspended."""
        return True

    def resume(self, work: Work) -> None:
        """Begin to resume it."""

    def is_resumed(self, work: Work) -> bool:
        """Whether it runs again."""
        return True

    def check(self, work: Work) -> None:
        """Raise ``ResourceFailed`` (or ``Rejected``) unless it is there and well."""

    def is_checked(self, work: Work) -> bool:
        """Whether the check is done (of nested stacks)."""
        return True

    def snapshot(self, work: Work) -> None:
        """Begin to save what is in it, and remember as ``SAVED`` what it was saved as.
        Again after a crash: what is called ``saved_name`` was made by the first try."""

    def is_snapshotted(self, work: Work) -> bool:
        """Whether it is saved."""
        return True

    def restored(self, saved: Mapping[str, Any]) -> Mapping[str, Any]:
        """The properties by which one is made of what was saved."""
        return {}

    def drop_saved(self, cloud: Cloud, saved: Mapping[str, Any]) -> None:
        """Delete what was saved; nothing when it is not there."""

    def find_lost(self, work: Work) -> str | None:
        """The physical id of what an interrupted ``create`` may have made without our
        hearing of it: asked before a resource without a physical id is deleted.  Give
        the same ``find`` as to ``work.made``."""
        return None

    # ---- what others ask ----------------------------------------------------------

    def reference(self, work: Work) -> Any:
        """What ``get_resource`` gives."""
        return work.physical_id or work.physical_name

    def attribute(self, work: Work, name: str) -> Any:
        """What ``get_attr`` gives for one of ``attributes`` or ``show``, None when it
        has none (yet); what comes further along the path is looked up in it."""
        return None

    def attribute_path(self, work: Work, name: str, path: tuple[Any, ...]) -> Any:
        """For types whose attributes take the path themselves (groups): the whole
        answer.  Here: ``attribute``, and then along the path."""
        return along(self.attribute(work, name), path)

    def signal(self, work: Work, details: Any) -> str:
        """A signal came; gives the reason for the event, "" for the usual one.
        ``Invalid`` for one that is wrong."""
        raise ResourceFailed(f"Cannot signal resource of type {self.name}")

    def can_be_saved(self) -> bool:
        """Whether there is something in it to save."""
        return type(self).snapshot is not ResourceType.snapshot

    def can_be_signaled(self) -> bool:
        """Whether signals are for it."""
        return type(self).signal is not ResourceType.signal


def saved_name(work: Work) -> str:
    """What is saved of a resource is called so; another snapshot has another name."""
    return f"{work.physical_name}-{int(work.started_at)}"
