"""The life of one thing in a collection of a room: most resource types are that.

What differs from type to type is data: where the thing is, which property is which
field, in which statuses it is ready or has failed.

A thing is made under the resource's ``physical_name`` (in the field ``mark``), so that
after a crash it is found again, and gets the name that the template has for it once its
id is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from compute.orchestration.errors import Invalid, ResourceFailed
from compute.orchestration.frame.properties import LIST, MAP, STRING, Property
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import SHELVES, Shelf, resolved
from compute.orchestration.resources.frame.schemas import reference_of
from objectstore.kernel.errors import Rejected, Unavailable

# What is in use may be so because something that is being deleted still holds it.
HELD_SECONDS = 90.0
MISSING, CONFLICT = 404, 409
NAME = "name"


class Thing(ResourceType):
    """``shelf``: a name of ``finding.SHELVES``.  ``fields``: by properties, where the
    room calls them something else.  ``aside``: properties that are no fields.
    ``mark``: a field that may be anything at first and is put right afterwards; "" when
    there is none.  ``ready``: in which statuses it is done (none: at once).  ``never``:
    properties that this cloud has nothing for, and why.  ``kept``: what stays as it is
    when the template no longer says it (so do numbers, flags); the rest is emptied.
    ``patches``: whether the room changes things by PATCH."""

    shelf: ClassVar[str]
    fields: ClassVar[Mapping[str, str]] = {}
    aside: ClassVar[frozenset[str]] = frozenset()
    mark: ClassVar[str] = NAME
    status_field: ClassVar[str] = "status"
    ready: ClassVar[frozenset[str]] = frozenset()
    failed: ClassVar[frozenset[str]] = frozenset({"ERROR"})
    never: ClassVar[Mapping[str, str]] = {}
    kept: ClassVar[frozenset[str]] = frozenset()
    patches: ClassVar[bool] = False

    def validate(self, properties: Mapping[str, Any]) -> None:
        """See ``ResourceType``."""
        refuse(self.never, properties)

    # ---- where and what ----------------------------------------------------------

    @property
    def place(self) -> Shelf:
        """Where things of this kind are."""
        return SHELVES[self.shelf]

    def path(self, work: Work) -> tuple[str, ...]:
        """Of the collection."""
        return self.place.path

    def body(self, work: Work, names: Iterable[str]) -> dict[str, Any]:
        """What a request says of these properties, ids for names."""
        found = {}
        for name in names:
            if name in self.aside or name == self.mark:
                continue
            schema, value = self.properties[name], work.properties[name]
            if value is None and name == NAME:
                value = work.physical_name
            if value is None:
                if name in self.kept or schema.kind not in (STRING, LIST, MAP):
                    continue
                value = empty(schema)
            field = self.fields.get(name, name)
            found[field] = without_none(resolved(work.cloud, schema, value))
        return found

    def marked(self, work: Work) -> str:
        """What the field ``mark`` is to be in the end."""
        given = work.properties.get(self.mark)
        if given is None and self.mark == NAME:
            return work.physical_name
        return given or ""

    # ---- create ------------------------------------------------------------------

    def create(self, work: Work) -> None:
        """See ``ResourceType``."""
        work.made(lambda: self.make(work), lambda: self.find_lost(work))

    def make(self, work: Work) -> str:
        """Make it; its id."""
        body = self.new_body(work)
        if self.mark:
            body[self.mark] = work.physical_name
        place = self.place
        document = work.cloud.post(
            place.room, *self.path(work), body={place.singular: body}
        )
        return str(place.inside(document)["id"])

    def new_body(self, work: Work) -> dict[str, Any]:
        """Of a new one: what the template says of it, and a name."""
        given = [
            name
            for name, value in work.properties.items()
            if value is not None or name == NAME
        ]
        return self.body(work, given)

    def find_lost(self, work: Work) -> str | None:
        """See ``ResourceType``."""
        if not self.mark:
            return None
        place = self.place
        query = {self.mark: work.physical_name} if place.filters else {}
        for each in work.cloud.pages(
            place.room, place.plural, *self.path(work), **query
        ):
            if each.get(self.mark) == work.physical_name:
                return str(each["id"])
        return None

    def is_created(self, work: Work) -> bool:
        """See ``ResourceType``."""
        shown = self.show(work)
        if not self.is_ready(work, shown):
            return False
        if self.mark and (shown.get(self.mark) or "") != self.marked(work):
            self.put(work, {self.mark: self.marked(work)})
            return not self.ready
        return True

    def is_ready(self, work: Work, shown: Mapping[str, Any]) -> bool:
        """Whether nothing is under way.  ``ResourceFailed``."""
        if not self.ready:
            return True
        status = shown[self.status_field]
        if status in self.failed:
            raise ResourceFailed(self.why_failed(shown))
        return status in self.ready

    def why_failed(self, shown: Mapping[str, Any]) -> str:
        """The reason of one that has failed."""
        return f"The {self.place.title} went to status {shown[self.status_field]}"

    # ---- change, delete ------------------------------------------------------------

    def update(self, work: Work, change: Change) -> None:
        """See ``ResourceType``."""
        body = self.body(work, sorted(change.names))
        if self.mark and self.mark in change.names:
            body[self.mark] = self.marked(work)
        if body:
            self.put(work, body)

    def put(self, work: Work, body: Mapping[str, Any]) -> None:
        """Change fields of it."""
        place = self.place
        change = work.cloud.patch if self.patches else work.cloud.put
        change(
            place.room,
            *self.path(work),
            work.physical_id,
            body={place.singular: body},
        )

    def is_updated(self, work: Work) -> bool:
        """See ``ResourceType``."""
        return not self.ready or self.is_ready(work, self.show(work))

    def delete(self, work: Work) -> None:
        """See ``ResourceType``."""
        if not work.physical_id:
            return
        try:
            work.cloud.delete(self.place.room, *self.path(work), work.physical_id)
        except Rejected as refusal:
            # What it is below is gone, and took it along.
            if refusal.status != MISSING:
                wait_while_held(work, refusal)

    def is_deleted(self, work: Work) -> bool:
        """See ``ResourceType``."""
        if not work.physical_id or not self.ready:
            return True
        shown = self.look(work)
        if shown is not None and shown[self.status_field] in self.failed:
            raise ResourceFailed(self.why_failed(shown))
        return shown is None

    # ---- look ----------------------------------------------------------------------

    def look(self, work: Work) -> Mapping[str, Any] | None:
        """It as its room shows it, None when it is not there."""
        if not work.physical_id:
            return None
        place = self.place
        document = work.cloud.find(place.room, *self.path(work), work.physical_id)
        found: Mapping[str, Any] | None = (
            None if document is None else place.inside(document)
        )
        return found

    def show(self, work: Work) -> Mapping[str, Any]:
        """It as its room shows it.  ``ResourceFailed`` when it is not there."""
        shown = self.look(work)
        if shown is None:
            text = f"The {self.place.title} {work.physical_id} is not there any more"
            raise ResourceFailed(text)
        return shown

    def check(self, work: Work) -> None:
        """See ``ResourceType``."""
        shown = self.show(work)
        if self.ready and shown[self.status_field] in self.failed:
            raise ResourceFailed(self.why_failed(shown))

    def attribute(self, work: Work, name: str) -> Any:
        """A field, or ``show``: all of them."""
        shown = self.look(work)
        if shown is None or name == "show":
            return shown
        return self.shown(work, shown, name)

    def shown(self, work: Work, shown: Mapping[str, Any], name: str) -> Any:
        """An attribute of what its room shows."""
        return shown.get(self.fields.get(name, name))


def refuse(never: Mapping[str, str], properties: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` for what is asked for and is not to be had."""
    for name, why in never.items():
        if properties.get(name):
            raise Invalid(f"{name}: this cloud does not have it: {why}")


def wait_while_held(work: Work, refusal: Rejected) -> None:
    """Let a delete that was refused be tried again, for it may be that what holds the
    thing is just going; raises the refusal when that takes too long."""
    if refusal.status == CONFLICT and work.now - work.started_at < HELD_SECONDS:
        raise Unavailable(str(refusal)) from refusal
    raise refusal


def empty(schema: Property) -> Any:
    """What takes away what a property said."""
    if reference_of(schema):
        return None
    return {STRING: "", LIST: [], MAP: {}}.get(schema.kind)


def without_none(value: Any) -> Any:
    """Maps in it without the entries that are not given."""
    if isinstance(value, Mapping):
        return {
            name: without_none(each) for name, each in value.items() if each is not None
        }
    if isinstance(value, list):
        return [without_none(each) for each in value]
    return value
