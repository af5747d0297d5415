"""The image room's tables."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.jobs.store import job_table
from compute.core.sql.database import Id, Instant, Name, table
from compute.core.sql.event_log import event_table

metadata = sa.MetaData()

images = table(
    "images",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("owner", Id(), nullable=False),
    sa.Column("name", Name(), nullable=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("visibility", sa.String(16), nullable=False),
    sa.Column("disk_format", sa.String(20), nullable=True),
    sa.Column("container_format", sa.String(20), nullable=True),
    sa.Column("min_disk", sa.Integer(), nullable=False),
    sa.Column("min_ram", sa.Integer(), nullable=False),
    sa.Column("protected", sa.Boolean(), nullable=False),
    sa.Column("os_hidden", sa.Boolean(), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=True),
    sa.Column("virtual_size", sa.BigInteger(), nullable=True),
    sa.Column("checksum", sa.String(32), nullable=True),
    sa.Column("os_hash_value", sa.String(128), nullable=True),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    # 0: it lives.  A deleted image keeps its id from being used again for a while.
    sa.Column("deleted_at", Instant(), nullable=False),
    sa.Column("revision", sa.Integer(), nullable=False),
    sa.Index("images_by_owner", "owner", "created_at"),
    sa.Index("images_by_visibility", "visibility", "created_at"),
    sa.Index("images_by_deletion", "deleted_at"),
)

properties = table(
    "image_properties",
    metadata,
    sa.Column("image_id", Id(), sa.ForeignKey("images.id"), primary_key=True),
    sa.Column("name", Name(), primary_key=True),
    sa.Column("value", sa.Text(), nullable=False),
)

tags = table(
    "image_tags",
    metadata,
    sa.Column("image_id", Id(), sa.ForeignKey("images.id"), primary_key=True),
    sa.Column("tag", Name(), primary_key=True),
)

members = table(
    "image_members",
    metadata,
    sa.Column("image_id", Id(), sa.ForeignKey("images.id"), primary_key=True),
    sa.Column("member", Id(), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Index("image_members_by_member", "member"),
)

data = table(
    "image_data",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    # No foreign key: bytes outlive their image until they are removed.
    sa.Column("image_id", Id(), nullable=False, index=True),
    sa.Column("store", Name(), nullable=False),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("lease_until", Instant(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Index("image_data_by_state", "state", "lease_until"),
)

holds = table(
    "image_holds",
    metadata,
    # No foreign key: a hold outlives its image, that is what it is for.
    sa.Column("image_id", Id(), primary_key=True),
    sa.Column("holder", Name(), primary_key=True),
    sa.Column("until", Instant(), nullable=False),
    sa.Index("image_holds_by_holder", "holder"),
    sa.Index("image_holds_by_end", "until"),
)

namespaces = table(
    "image_metadef_namespaces",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False, unique=True),
    sa.Column("owner", Id(), nullable=False),
    sa.Column("display_name", Name(), nullable=True),
    sa.Column("description", sa.Text(), nullable=True),
    sa.Column("visibility", sa.String(16), nullable=False),
    sa.Column("protected", sa.Boolean(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Column("revision", sa.Integer(), nullable=False),
)

definitions = table(
    "image_metadef_definitions",
    metadata,
    sa.Column(
        "namespace_id",
        Id(),
        sa.ForeignKey("image_metadef_namespaces.id"),
        primary_key=True,
    ),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("name", Name(), primary_key=True),
    sa.Column("document", sa.JSON(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Index("image_metadef_definitions_by_name", "kind", "name"),
)

events = event_table("image", metadata)
jobs = job_table("image", metadata)
