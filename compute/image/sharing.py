"""Whom an image is shared with, and whether they accept it."""

from __future__ import annotations

from dataclasses import replace

from compute.core.context import RequestContext
from compute.core.errors import Conflict, Forbidden, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.image import rules, store
from compute.image.model import PENDING, SHARED, Image, Member
from compute.image.parts import Parts


class SharingService:
    """The members of images."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def list(self, context: RequestContext, image_id: str) -> list[Member]:
        """All members, for the owner; a member sees himself only."""

        def find(connection: Connection) -> list[Member]:
            image = self._shared(connection, context, image_id)
            rules.check_may(self._parts.policy, context, "get_members", image)
            found = store.members_of(connection, image_id)
            if self._owns(context, image):
                return found
            return [member for member in found if member.member == context.project_id]

        return self._parts.read(find)

    def show(self, context: RequestContext, image_id: str, member: str) -> Member:
        """One member."""
        for found in self.list(context, image_id):
            if found.member == member:
                return found
        raise NotFound(f"{member} is no member of image {image_id}")

    def add(self, context: RequestContext, image_id: str, member: str) -> Member:
        """Share the image with a project, which may then accept it."""

        def share(connection: Connection) -> Member:
            image = self._shared(connection, context, image_id)
            rules.check_may(self._parts.policy, context, "add_member", image)
            known = store.members_of(connection, image_id)
            if any(other.member == member for other in known):
                raise Conflict(f"{member} is a member of image {image_id} already")
            rules.check_member_count(len(known))
            now = self._parts.now()
            new = Member(image_id, member, PENDING, now, now)
            store.add_member(connection, new)
            return new

        try:
            return self._parts.run(share)
        except Duplicate:
            raise Conflict(
                f"{member} is a member of image {image_id} already"
            ) from None

    def answer(
        self, context: RequestContext, image_id: str, member: str, status: str
    ) -> Member:
        """Accept or reject: the member's own right, not the owner's."""

        def change(connection: Connection) -> Member:
            image = self._shared(connection, context, image_id)
            found = next(
                (
                    m
                    for m in store.members_of(connection, image_id)
                    if m.member == member
                ),
                None,
            )
            if found is None or not (
                self._owns(context, image) or member == context.project_id
            ):
                raise NotFound(f"{member} is no member of image {image_id}")
            target = {**rules.target_of(image, context), "member_id": member}
            self._parts.policy.enforce(context, "modify_member", target)
            after = replace(found, status=status, updated_at=self._parts.now())
            store.set_member_status(connection, after)
            return after

        return self._parts.run(change)

    def remove(self, context: RequestContext, image_id: str, member: str) -> None:
        """Share the image with that project no more."""

        def change(connection: Connection) -> None:
            image = self._shared(connection, context, image_id)
            rules.check_may(self._parts.policy, context, "delete_member", image)
            if not store.remove_member(connection, image_id, member):
                raise NotFound(f"{member} is no member of image {image_id}")

        self._parts.run(change)

    def _owns(self, context: RequestContext, image: Image) -> bool:
        return context.project_id == image.owner or context.has_role("admin")

    def _shared(
        self, connection: Connection, context: RequestContext, image_id: str
    ) -> Image:
        image = self._parts.seen(connection, context, image_id)
        if image.visibility != SHARED:
            raise Forbidden("Only shared images have members.")
        return image
