"""Images as records: made, changed, shown, listed, switched off and on, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compute.core.api.pagination import Page
from compute.core.context import RequestContext
from compute.core.errors import Conflict, Forbidden, NotFound
from compute.core.sql.database import Connection, Duplicate
from compute.image import data_store, hold_store, listing, rules, store
from compute.image.filters import Filters
from compute.image.model import (
    ACTIVE,
    DEACTIVATED,
    DOOMED,
    LIVE,
    QUEUED,
    SHARED,
    Image,
)
from compute.image.parts import Parts
from compute.image.patch import (
    WRITABLE,
    check_property_name,
    check_writable,
    patched,
    with_attributes,
)


class ImageService:
    """What callers may do with records."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def create(self, context: RequestContext, document: Mapping[str, Any]) -> Image:
        """A queued image, as the (checked) document says."""
        image = self._new_image(context, document)
        parts = self._parts
        if not image.owner:
            raise Forbidden("An image needs an owner: a token of a project, or `owner`")
        rules.check_may(parts.policy, context, "add_image", image)
        rules.check_visibility(parts.policy, context, image)
        rules.check_limits(image)

        def add(connection: Connection) -> None:
            if store.is_taken(connection, image.id):
                raise Conflict(f"Image ID {image.id} already exists!")
            self._check_count(connection, image.owner)
            store.add(connection, image)
            self._tell(connection, context, "image.create", image)

        try:
            parts.run(add)
        except Duplicate:
            raise Conflict(f"Image ID {image.id} already exists!") from None
        return image

    def show(self, context: RequestContext, image_id: str) -> Image:
        """One image."""
        return self._parts.read(
            lambda connection: self._parts.seen(connection, context, image_id)
        )

    def list(
        self, context: RequestContext, filters: Filters, page: Page
    ) -> list[Image]:
        """One page of what the caller may see."""
        self._parts.policy.enforce(context, "get_images")
        return self._parts.read(
            lambda connection: listing.find(
                connection,
                filters,
                page,
                project_id=context.project_id,
                sees_all=context.has_role("admin"),
            )
        )

    def patch(
        self,
        context: RequestContext,
        image_id: str,
        operations: Any,
        *,
        is_older: bool = False,
    ) -> Image:
        """Change attributes and properties, by a patch (in its older form)."""

        def decide(image: Image) -> Image:
            after = patched(image, operations, is_older=is_older)
            policy = self._parts.policy
            if after.visibility != image.visibility:
                rules.check_visibility(policy, context, after)
            if after.owner != image.owner:
                rules.check_may(policy, context, "set_image_owner", image)
            rules.check_limits(after)
            return after

        return self._change(context, image_id, "modify_image", "image.update", decide)

    def add_tag(self, context: RequestContext, image_id: str, tag: str) -> None:
        """Tag the image; fine when it is tagged so."""

        def decide(image: Image) -> Image:
            after = replace(image, tags=tuple(sorted({*image.tags, tag})))
            rules.check_limits(after)
            return after

        self._change(context, image_id, "modify_image", "image.update", decide)

    def remove_tag(self, context: RequestContext, image_id: str, tag: str) -> None:
        """Take the tag away; ``NotFound`` when it is not there."""

        def decide(image: Image) -> Image:
            if tag not in image.tags:
                raise NotFound(f"Image {image_id} has no tag {tag}")
            return replace(image, tags=tuple(t for t in image.tags if t != tag))

        self._change(context, image_id, "modify_image", "image.update", decide)

    def deactivate(self, context: RequestContext, image_id: str) -> None:
        """Let nobody but administrators read its bytes."""
        self._switch(context, image_id, "deactivate", DEACTIVATED)

    def reactivate(self, context: RequestContext, image_id: str) -> None:
        """Let its bytes be read again."""
        self._switch(context, image_id, "reactivate", ACTIVE)

    def set_status(self, context: RequestContext, image_id: str, status: str) -> None:
        """For the house's own services: any legal move that needs no bytes."""

        def decide(image: Image) -> Image:
            if status == image.status:
                return image
            if status == ACTIVE and not image.in_state(LIVE):
                raise Conflict(f"Image {image_id} has no data")
            return rules.moved(image, status, self._parts.now())

        self._change(context, image_id, "set_image_status", "image.status", decide)

    def delete(self, context: RequestContext, image_id: str) -> None:
        """Remove the image; its bytes follow."""
        parts = self._parts

        def forget(connection: Connection) -> None:
            image = parts.seen(connection, context, image_id)
            rules.check_may(parts.policy, context, "delete_image", image)
            if image.protected:
                raise Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            parts.jobs.cancel(connection, image_id)
            now = parts.now()
            is_held = hold_store.is_held(connection, image.id, now)
            store.delete(connection, image, now, is_held=is_held)
            self._tell(connection, context, "image.delete", image)

        parts.change(forget)
        parts.wake_sweeper()

    def remove_from_store(
        self, context: RequestContext, image_id: str, store_id: str
    ) -> None:
        """Remove the image's bytes from one of several stores."""
        parts = self._parts

        def forget(connection: Connection) -> None:
            image = parts.seen(connection, context, image_id)
            rules.check_may(parts.policy, context, "delete_image_location", image)
            rules.check_store_removable(image, store_id)
            for data in image.in_state(LIVE):
                if data.store == store_id:
                    data_store.move_data(connection, data.id, LIVE, DOOMED)
            store.save(connection, image, self._touched(image))

        parts.change(forget)
        parts.wake_sweeper()

    def usage(self, context: RequestContext) -> tuple[int, int]:
        """(number, bytes) of the caller's project's images."""
        return self._parts.read(
            lambda connection: store.usage(connection, context.project_id)
        )

    # ---- inside ----------------------------------------------------------------

    def _new_image(self, context: RequestContext, document: Mapping[str, Any]) -> Image:
        now = self._parts.now()
        attributes, properties = {}, {}
        for name, value in document.items():
            if name in WRITABLE:
                attributes[name] = value
            elif name != "id":
                check_writable(name)
                check_property_name(name)
                properties[name] = value
        image = Image(
            id=document.get("id", "").lower() or self._parts.identifiers.uuid(),
            owner=context.project_id,
            status=QUEUED,
            visibility=SHARED,
            created_at=now,
            updated_at=now,
            properties=properties,
        )
        return with_attributes(image, attributes)

    def _check_count(self, connection: Connection, owner: str) -> None:
        limit = self._parts.settings.project_images_max
        if limit and store.usage(connection, owner)[0] >= limit:
            raise rules.TooMuch(f"Project {owner} may have {limit} images and has them")

    def _switch(
        self, context: RequestContext, image_id: str, name: str, status: str
    ) -> None:
        def decide(image: Image) -> Image:
            if image.status not in (ACTIVE, DEACTIVATED):
                raise Forbidden(
                    f"Not allowed to {name} image in status '{image.status}'"
                )
            if image.status == status:
                return image
            return rules.moved(image, status, self._parts.now())

        self._change(context, image_id, name, f"image.{name}", decide)

    def _change(
        self,
        context: RequestContext,
        image_id: str,
        rule: str,
        event: str,
        decide: Any,
    ) -> Image:
        parts = self._parts

        def change(connection: Connection) -> Image:
            before = parts.seen(connection, context, image_id)
            rules.check_may(parts.policy, context, rule, before)
            after = decide(before)
            if after == before:
                return before
            saved = store.save(connection, before, self._touched(after))
            self._tell(connection, context, event, saved)
            return saved

        return parts.change(change)

    def _touched(self, image: Image) -> Image:
        return replace(image, updated_at=self._parts.now())

    def _tell(
        self, connection: Connection, context: RequestContext, kind: str, image: Image
    ) -> None:
        now = self._parts.now()
        facts = {"owner": image.owner, "status": image.status}
        self._parts.events.append(connection, context, now, kind, image.id, facts)
