"""What all things of the key manager have in common.

Their ids are the URLs by which the room names them, for that is what other things ask
for.  They are made in one request and never changed; a name of the template's own is
no mark, so what an interrupted creation has made is found again only where the resource
was left to name it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.resource_type import ResourceType
from compute.orchestration.frame.work import Work

ROOM = "key-manager"
NAME = "name"
# Of what has one name there are hardly two.
FOUND_MAX = 10


class KeptThing(ResourceType):
    """``collection``: where its kind is; ``field``: what its URL is called."""

    collection: ClassVar[str]
    field: ClassVar[str]

    def body(self, work: Work) -> dict[str, Any]:
        """Of a new one."""
        raise NotImplementedError

    def create(self, work: Work) -> None:
        """See ``ResourceType``."""

        def make() -> str:
            made = work.cloud.post(ROOM, self.collection, body=self.body(work))
            return str(made[self.field])

        work.made(make, lambda: self.find_lost(work))

    def find_lost(self, work: Work) -> str | None:
        """By the name that it has of us."""
        if work.properties[NAME]:
            return None
        query = {NAME: work.physical_name, "limit": FOUND_MAX}
        found = work.cloud.get(ROOM, self.collection, **query)[self.collection]
        return next((str(each[self.field]) for each in found), None)

    def delete(self, work: Work) -> None:
        """See ``ResourceType``."""
        if work.physical_id:
            work.cloud.delete(ROOM, self.collection, last_of(work.physical_id))

    def check(self, work: Work) -> None:
        """Whether it is there."""
        if self.look(work) is None:
            raise ResourceFailed(f"{work.physical_id} is not there any more")

    def look(self, work: Work) -> Mapping[str, Any] | None:
        """It as its room shows it, None when it is not there."""
        if not work.physical_id:
            return None
        found: Mapping[str, Any] | None = work.cloud.find(
            ROOM, self.collection, last_of(work.physical_id)
        )
        return found

    def attribute(self, work: Work, name: str) -> Any:
        """A field of it, or all of them."""
        shown = self.look(work)
        if shown is None or name == "show":
            return shown
        return shown.get(name)


def last_of(reference: str) -> str:
    """The id in a URL."""
    return reference.rpartition("/")[2]
