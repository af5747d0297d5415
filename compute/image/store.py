"""The image room's rows: SQL only, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Connection
from compute.core.sql.revisions import update_revision
from compute.image import data_store
from compute.image.model import (
    DELETED,
    HELD,
    LIVE,
    Data,
    Image,
    Member,
)
from compute.image.tables import data, images, members, properties, tags

COLUMNS = tuple(
    column.name for column in images.c if column.name not in ("deleted_at",)
)


def get(connection: Connection, image_id: str, project_id: str = "") -> Image | None:
    """One living image with all its companions; ``is_member`` is about that
    project."""
    found = connection.execute(
        images.select().where(images.c.id == image_id, images.c.deleted_at == 0.0)
    ).first()
    if found is None:
        return None
    return complete(connection, [_plain(found)], project_id)[0]


def is_taken(connection: Connection, image_id: str) -> bool:
    """Whether the id belongs to an image, or did not long ago."""
    query = sa.select(images.c.id).where(images.c.id == image_id)
    return connection.execute(query).first() is not None


def complete(
    connection: Connection, found: list[Image], project_id: str
) -> list[Image]:
    """The same images with tags, properties, data and membership."""
    ids = [image.id for image in found]
    tags_of = _grouped(connection, tags, ids)
    properties_of = _grouped(connection, properties, ids)
    data_of = _grouped(connection, data, ids)
    shared = set(
        connection.execute(
            sa.select(members.c.image_id).where(
                members.c.image_id.in_(ids), members.c.member == project_id
            )
        ).scalars()
    )
    return [
        replace(
            image,
            tags=tuple(sorted(row["tag"] for row in tags_of.get(image.id, ()))),
            properties={
                row["name"]: row["value"] for row in properties_of.get(image.id, ())
            },
            data=tuple(
                Data(**row)
                for row in sorted(
                    data_of.get(image.id, ()), key=lambda row: row["created_at"]
                )
            ),
            is_member=image.id in shared and bool(project_id),
        )
        for image in found
    ]


def add(connection: Connection, image: Image) -> None:
    """A new image."""
    connection.execute(images.insert().values(**_columns(image), deleted_at=0.0))
    _write_tags(connection, image)
    _write_properties(connection, image)


def save(connection: Connection, before: Image, after: Image) -> Image:
    """Write what has changed; ``Stale`` when somebody else was faster."""
    old, new = _columns(before), _columns(after)
    changed = {key: value for key, value in new.items() if value != old[key]}
    changed.pop("revision", None)
    revision = update_revision(
        connection, images, {"id": before.id}, before.revision, changed
    )
    if after.tags != before.tags:
        connection.execute(tags.delete().where(tags.c.image_id == after.id))
        _write_tags(connection, after)
    if after.properties != before.properties:
        connection.execute(properties.delete().where(properties.c.image_id == after.id))
        _write_properties(connection, after)
    return replace(after, revision=revision)


def kept(connection: Connection, image_id: str) -> Image | None:
    """A living image, or a deleted one whose bytes are held: those count as live."""
    found = connection.execute(images.select().where(images.c.id == image_id)).first()
    if found is None:
        return None
    image = complete(connection, [_plain(found)], "")[0]
    if not found.deleted_at:
        return image
    held = tuple(replace(each, state=LIVE) for each in image.in_state(HELD))
    return replace(image, data=held) if held else None


def delete(
    connection: Connection, image: Image, now: float, *, is_held: bool = False
) -> None:
    """Only the id stays; the bytes are doomed, or held for those who read them."""
    update_revision(
        connection,
        images,
        {"id": image.id},
        image.revision,
        {"status": DELETED, "deleted_at": now, "updated_at": now},
    )
    for companion in (tags, properties, members):
        connection.execute(companion.delete().where(companion.c.image_id == image.id))
    if is_held:
        live = data.c.image_id == image.id, data.c.state == LIVE
        connection.execute(data.update().where(*live).values(state=HELD))
    data_store.doom(connection, data.c.image_id == image.id, data.c.state != HELD)


def forget_deleted(connection: Connection, before: float) -> int:
    """Free the ids of images deleted before that moment; how many."""
    held = sa.select(data.c.image_id).where(data.c.state == HELD)
    gone = images.delete().where(
        images.c.deleted_at > 0.0,
        images.c.deleted_at < before,
        images.c.id.not_in(held),
    )
    return int(connection.execute(gone).rowcount)


def usage(connection: Connection, project_id: str) -> tuple[int, int]:
    """(number, bytes) of a project's images."""
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.sum(images.c.size)).where(
            images.c.owner == project_id, images.c.deleted_at == 0.0
        )
    ).one()
    return int(row[0]), int(row[1] or 0)


# ---- members -------------------------------------------------------------------


def members_of(connection: Connection, image_id: str) -> list[Member]:
    """Whom an image is shared with, the oldest first."""
    rows = connection.execute(
        members.select()
        .where(members.c.image_id == image_id)
        .order_by(members.c.created_at, members.c.member)
    )
    return [Member(**row._mapping) for row in rows]


def add_member(connection: Connection, member: Member) -> None:
    """Share; ``Duplicate`` when it is."""
    connection.execute(
        members.insert().values(
            image_id=member.image_id,
            member=member.member,
            status=member.status,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )
    )


def set_member_status(connection: Connection, member: Member) -> None:
    """Accepted, rejected, or pending again."""
    connection.execute(
        members.update()
        .where(members.c.image_id == member.image_id, members.c.member == member.member)
        .values(status=member.status, updated_at=member.updated_at)
    )


def remove_member(connection: Connection, image_id: str, member: str) -> bool:
    """Share no more; whether it was shared."""
    gone = members.delete().where(
        members.c.image_id == image_id, members.c.member == member
    )
    return connection.execute(gone).rowcount > 0


# ---- inside --------------------------------------------------------------------


def _grouped(
    connection: Connection, rows: sa.Table, ids: list[str]
) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    if ids:
        query = rows.select().where(rows.c.image_id.in_(ids))
        for row in connection.execute(query):
            found.setdefault(row.image_id, []).append(row._mapping)
    return found


def _columns(image: Image) -> dict[str, Any]:
    return {name: getattr(image, name) for name in COLUMNS}


def _plain(row: Any) -> Image:
    return Image(**{name: row._mapping[name] for name in COLUMNS})


def plain_images(rows: Iterable[Any]) -> list[Image]:
    """Images of rows of the table, without companions."""
    return [_plain(row) for row in rows]


def _write_tags(connection: Connection, image: Image) -> None:
    if image.tags:
        rows = [{"image_id": image.id, "tag": tag} for tag in image.tags]
        connection.execute(tags.insert(), rows)


def _write_properties(connection: Connection, image: Image) -> None:
    if image.properties:
        rows = [
            {"image_id": image.id, "name": name, "value": value}
            for name, value in image.properties.items()
        ]
        connection.execute(properties.insert(), rows)
