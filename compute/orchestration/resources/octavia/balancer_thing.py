"""What everything of a load balancer has in common.

While one change of a load balancer is under way every other is refused; the resources
of one stack take turns by asking again.  Each carries its resource's marker as a tag.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import BALANCER
from compute.orchestration.resources.frame.things import Thing
from objectstore.kernel.errors import Rejected, Unavailable

TAG = "stack-resource="
TAGS = "tags"
CONFLICT = 409
IMMUTABLE = "immutable"


class BalancerThing(Thing):
    """A thing of the load balancer room."""

    mark = ""
    status_field = "provisioning_status"
    ready = frozenset({"ACTIVE"})

    def create(self, work: Work) -> None:
        """When it is our turn."""
        try:
            super().create(work)
        except Rejected as refusal:
            wait_for_turn(refusal)

    def new_body(self, work: Work) -> dict[str, Any]:
        """With its tag."""
        body = super().new_body(work)
        return {**body, TAGS: [*body.get(TAGS, ()), f"{TAG}{work.marker}"]}

    def find_lost(self, work: Work) -> str | None:
        """The one with its tag."""
        query = {TAGS: f"{TAG}{work.marker}"}
        place = self.place
        there = work.cloud.pages(BALANCER, place.plural, *self.path(work), **query)
        return next((str(each["id"]) for each in there), None)

    def put(self, work: Work, body: Mapping[str, Any]) -> None:
        """When it is our turn."""
        if TAGS in body:
            body = {**body, TAGS: [*body[TAGS], f"{TAG}{work.marker}"]}
        try:
            super().put(work, body)
        except Rejected as refusal:
            wait_for_turn(refusal)

    def delete(self, work: Work) -> None:
        """When it is our turn, unless it is going already."""
        shown = self.look(work)
        if shown is None or shown[self.status_field] == "PENDING_DELETE":
            return
        try:
            super().delete(work)
        except Rejected as refusal:
            wait_for_turn(refusal)

    def look(self, work: Work) -> Mapping[str, Any] | None:
        """None when what it is below is gone, too."""
        try:
            return super().look(work)
        except Rejected as refusal:
            if refusal.status == 404:
                return None
            raise


def wait_for_turn(refusal: Rejected) -> None:
    """Let it be asked again when something else is under way; raises the refusal when
    that is not why."""
    if refusal.status == CONFLICT and IMMUTABLE in str(refusal):
        raise Unavailable(str(refusal)) from refusal
    raise refusal
