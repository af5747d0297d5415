"""The room's tables."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.jobs.store import job_table
from compute.core.sql.database import Id, Instant, Name, table
from compute.core.sql.event_log import event_table

METADATA = sa.MetaData()
ROOM = "volume"


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, default="")


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False, default="")


def _status(name: str = "status") -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=False, default="")


def _number(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, default=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _at(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


def _key() -> sa.Column[str]:
    return sa.Column("id", Id(), primary_key=True)


VOLUMES = table(
    "volume_volumes",
    METADATA,
    _key(),
    _id("project_id"),
    _id("user_id"),
    _status(),
    _status("previous_status"),
    _status("migration_status"),
    _number("size_gib"),
    _number("extending_to_gib"),
    _at("created_at"),
    _at("updated_at"),
    _id("type_id"),
    _name("host"),
    _name("availability_zone"),
    _name("name"),
    sa.Column("description", sa.Text(), nullable=True),
    _flag("bootable"),
    _flag("read_only"),
    _flag("multiattach"),
    _id("snapshot_id"),
    _id("source_volume_id"),
    _json("metadata"),
    _json("image_metadata"),
    sa.Column("fault", sa.Text(), nullable=False),
    _id("encryption_key_id"),
    _id("group_id"),
    _number("revision", 1),
    sa.Index("volume_volumes_by_group", "group_id"),
    sa.Index("volume_volumes_by_project", "project_id", "created_at"),
    sa.Index("volume_volumes_by_status", "status"),
    sa.Index("volume_volumes_by_type", "type_id"),
)

SNAPSHOTS = table(
    "volume_snapshots",
    METADATA,
    _key(),
    _id("project_id"),
    _id("user_id"),
    _id("volume_id"),
    _status(),
    _number("size_gib"),
    _at("created_at"),
    _at("updated_at"),
    _name("name"),
    sa.Column("description", sa.Text(), nullable=True),
    sa.Column("progress", sa.String(8), nullable=False),
    _json("metadata"),
    _id("group_snapshot_id"),
    _number("revision", 1),
    sa.Index("volume_snapshots_by_group", "group_snapshot_id"),
    sa.Index("volume_snapshots_by_project", "project_id", "created_at"),
    sa.Index("volume_snapshots_by_volume", "volume_id"),
)

ATTACHMENTS = table(
    "volume_attachments",
    METADATA,
    _key(),
    _id("volume_id"),
    _id("project_id"),
    _status(),
    sa.Column("access", sa.String(4), nullable=False),
    _at("created_at"),
    _id("instance_id"),
    _name("host"),
    _name("mountpoint"),
    _json("connector"),
    _json("connection"),
    sa.Column("attached_at", Instant(), nullable=True),
    _name("volume_host"),
    _number("revision", 1),
    sa.Index("volume_attachments_by_volume", "volume_id"),
    sa.Index("volume_attachments_by_project", "project_id", "created_at"),
    sa.Index("volume_attachments_by_instance", "instance_id"),
)

TYPES = table(
    "volume_types",
    METADATA,
    _key(),
    sa.Column("name", Name(), nullable=False, unique=True),
    _at("created_at"),
    sa.Column("updated_at", Instant(), nullable=True),
    sa.Column("description", sa.Text(), nullable=True),
    _flag("is_public"),
    _json("extra_specs"),
    _json("projects"),
    _id("qos_id"),
    _number("revision", 1),
)

TYPE_ENCRYPTIONS = table(
    "volume_type_encryptions",
    METADATA,
    _key(),  # the type's
    _id("encryption_id"),
    _name("provider"),
    sa.Column("cipher", Name(), nullable=True),
    sa.Column("key_size", sa.Integer(), nullable=True),
    _status("control_location"),
    _at("created_at"),
    sa.Column("updated_at", Instant(), nullable=True),
    _number("revision", 1),
)

QOS_SPECS = table(
    "volume_qos_specs",
    METADATA,
    _key(),
    sa.Column("name", Name(), nullable=False, unique=True),
    sa.Column("consumer", sa.String(16), nullable=False),
    _at("created_at"),
    _json("specs"),
    _number("revision", 1),
)

BACKUPS = table(
    "volume_backups",
    METADATA,
    _key(),
    _id("project_id"),
    _id("user_id"),
    _id("volume_id"),
    _status(),
    _number("size_gib"),
    _at("created_at"),
    _at("updated_at"),
    _name("availability_zone"),
    _name("container"),
    _name("name"),
    sa.Column("description", sa.Text(), nullable=True),
    _id("snapshot_id"),
    _id("parent_id"),
    _number("object_count"),
    sa.Column("manifest_sha256", sa.String(64), nullable=False, default=""),
    sa.Column("fail_reason", sa.Text(), nullable=True),
    _at("data_at"),
    _json("metadata"),
    _id("encryption_key_id"),
    _id("type_id"),
    sa.Column("facts", sa.JSON(none_as_null=True), nullable=True),
    _number("revision", 1),
    sa.Index("volume_backups_by_project", "project_id", "created_at"),
    sa.Index("volume_backups_by_volume", "volume_id"),
    sa.Index("volume_backups_by_parent", "parent_id"),
)

TRANSFERS = table(
    "volume_transfers",
    METADATA,
    _key(),
    sa.Column("volume_id", Id(), nullable=False, unique=True),
    _id("project_id"),
    _name("name"),
    sa.Column("key_hash", sa.String(128), nullable=False),
    _at("created_at"),
    _flag("with_snapshots"),
    _number("revision", 1),
    sa.Index("volume_transfers_by_project", "project_id", "created_at"),
)

MESSAGES = table(
    "volume_messages",
    METADATA,
    _key(),
    _id("project_id"),
    _id("request_id"),
    _status("resource_type"),
    _id("resource_id"),
    _id("event_id"),
    _status("level"),
    sa.Column("text", sa.Text(), nullable=False),
    _at("created_at"),
    _at("expires_at"),
    sa.Index("volume_messages_by_project", "project_id", "created_at"),
    sa.Index("volume_messages_by_end", "expires_at"),
)

DEFAULT_TYPES = table(
    "volume_default_types",
    METADATA,
    _key(),
    _id("type_id"),
    _number("revision", 1),
)

QUOTAS = table(
    "volume_quotas",
    METADATA,
    # A project's id, or "class:default".
    sa.Column("owner", sa.String(140), primary_key=True),
    sa.Column("resource", Name(), primary_key=True),
    _number("ceiling"),
)

SERVICES = table(
    "volume_services",
    METADATA,
    # The host's name; what operators switch off takes no new volumes.
    sa.Column("host", Name(), primary_key=True),
    _flag("disabled"),
    _name("disabled_reason"),
    _at("last_seen"),
    _name("backend"),
    # Where the others reach it.
    sa.Column("url", sa.Text(), nullable=True),
    sa.Column("total_bytes", sa.BigInteger(), nullable=False, default=0),
    sa.Column("free_bytes", sa.BigInteger(), nullable=False, default=0),
)

EVENTS = event_table(ROOM, METADATA)
JOBS = job_table(ROOM, METADATA)
