"""The room's tables.

A host's ``*_used`` columns are the sum of its allocations, changed in the
transaction that adds or removes one: a claim is one conditional update, so two
schedulers can never both take the last place.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.jobs.store import job_table
from compute.core.sql.database import Id, Instant, Name, table
from compute.core.sql.event_log import event_table

METADATA = sa.MetaData()
ROOM = "instance"


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, default=default)


def _name(name: str) -> sa.Column[str]:
    return sa.Column(name, Name(), nullable=False, default="")


def _id(name: str, *, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, Id(), nullable=False, default="", index=index)


def _number(name: str, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, default=default)


def _flag(name: str, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, default=default)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _json_or_none(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def _key() -> sa.Column[int]:
    return sa.Column("number", sa.Integer(), primary_key=True, autoincrement=True)


SERVERS = table(
    "instance_servers",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id"),
    _id("user_id"),
    _name("name"),
    _name("hostname"),
    sa.Column("description", Name(), nullable=True),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Column("launched_at", Instant(), nullable=True),
    sa.Column("terminated_at", Instant(), nullable=True),
    sa.Column("vm_state", sa.String(32), nullable=False),
    sa.Column("task_state", sa.String(32), nullable=False),
    _number("power_state"),
    _name("host"),
    _name("availability_zone"),
    _name("requested_zone"),
    _id("reservation_id"),
    _number("launch_index"),
    # Of one order with a key, and no other; see service/new_servers.py.
    sa.Column("order_key", sa.String(80), nullable=True),
    _json("flavor"),
    _name("flavor_id"),
    _number("vcpus"),
    _number("memory_mib"),
    _number("disk_gib"),
    _id("image_id"),
    _json("image"),
    _name("key_name"),
    sa.Column("key_type", sa.String(8), nullable=False, default="ssh"),
    _text("key_public"),
    _flag("config_drive"),
    _text("user_data"),
    _json("metadata"),
    _json("tags"),
    _json("personality"),
    _json_or_none("networks"),
    _json("security_groups"),
    _json("vifs"),
    _json("block_devices"),
    _json("hints"),
    _id("group_id"),
    _flag("locked"),
    sa.Column("locked_by", sa.String(16), nullable=False, default=""),
    sa.Column("locked_reason", Name(), nullable=True),
    _number("progress"),
    _json_or_none("fault"),
    sa.Column("access_ipv4", sa.String(45), nullable=False, default=""),
    sa.Column("access_ipv6", sa.String(45), nullable=False, default=""),
    sa.Column("disk_config", sa.String(16), nullable=False, default="MANUAL"),
    _name("root_device"),
    _flag("deleted"),
    _json_or_none("resize"),
    _id("rescue_image_id"),
    _id("shelved_image_id"),
    _text("sealed_password"),
    _number("revision", 1),
    sa.Index("instance_servers_by_project", "project_id", "deleted", "created_at"),
    sa.Index("instance_servers_by_host", "host", "deleted"),
    sa.Index("instance_servers_by_group", "group_id", "deleted"),
    sa.Index("instance_servers_by_task", "deleted", "task_state"),
    sa.Index("instance_servers_by_order", "order_key", unique=True),
)

ALLOCATIONS = table(
    "instance_allocations",
    METADATA,
    # The server's id; while it moves, the migration's for its place on one host.
    sa.Column("server_id", Id(), primary_key=True),
    sa.Column("host", Name(), nullable=False, index=True),
    _number("vcpus"),
    _number("memory_mib"),
    _number("disk_gib"),
)

HOSTS = table(
    "instance_hosts",
    METADATA,
    _key(),
    sa.Column("host", Name(), nullable=False, unique=True),
    _id("hypervisor_id"),
    _id("service_id"),
    sa.Column("hypervisor_type", sa.String(32), nullable=False),
    _number("hypervisor_version"),
    _number("vcpus"),
    _number("memory_mib"),
    _number("disk_gib"),
    _number("vcpus_used"),
    _number("memory_used_mib"),
    _number("disk_used_gib"),
    _number("servers"),
    _number("building"),
    _flag("enabled", True),
    _name("disabled_reason"),
    _flag("forced_down"),
    sa.Column("last_seen", Instant(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    _json("inventory"),
    _name("address"),
)

FLAVORS = table(
    "instance_flavors",
    METADATA,
    _key(),
    sa.Column("flavor_id", Name(), nullable=False, unique=True),
    sa.Column("name", Name(), nullable=False, unique=True),
    _number("vcpus"),
    _number("ram"),
    _number("disk"),
    _number("ephemeral"),
    _number("swap"),
    sa.Column("rxtx_factor", sa.Double(), nullable=False, default=1.0),
    _flag("is_public", True),
    _flag("disabled"),
    sa.Column("description", sa.Text(), nullable=True),
    _json("extra_specs"),
    _json("access"),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=True),
)

KEYPAIRS = table(
    "instance_keypairs",
    METADATA,
    _key(),
    _id("user_id"),
    _name("name"),
    sa.Column("type", sa.String(8), nullable=False),
    _text("public_key"),
    _name("fingerprint"),
    sa.Column("created_at", Instant(), nullable=False),
    sa.UniqueConstraint("user_id", "name", name="instance_keypairs_name"),
)

AGGREGATES = table(
    "instance_aggregates",
    METADATA,
    _key(),
    sa.Column("uuid", Id(), nullable=False, unique=True),
    sa.Column("name", Name(), nullable=False, unique=True),
    _json("metadata"),
    _json("hosts"),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=True),
)

GROUPS = table(
    "instance_groups",
    METADATA,
    sa.Column("id", Id(), primary_key=True),
    _id("project_id", index=True),
    _id("user_id"),
    _name("name"),
    sa.Column("policy", sa.String(32), nullable=False),
    _json("rules"),
    sa.Column("created_at", Instant(), nullable=False),
)

ACTION_RECORDS = table(
    "instance_actions",
    METADATA,
    _key(),
    sa.Column("server_id", Id(), nullable=False, index=True),
    _id("request_id"),
    _id("user_id"),
    _id("project_id"),
    _name("action"),
    sa.Column("start_time", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False),
    sa.Column("message", sa.Text(), nullable=True),
    _json("events"),
)

QUOTAS = table(
    "instance_quotas",
    METADATA,
    # A project's id, "<project id>/<user id>", or "class:default".
    sa.Column("owner", sa.String(140), primary_key=True),
    sa.Column("resource", sa.String(64), primary_key=True),
    _number("ceiling"),
)

CONSOLE_TOKENS = table(
    "instance_console_tokens",
    METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("server_id", Id(), nullable=False, index=True),
    _name("host"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("expires_at", Instant(), nullable=False),
)

MIGRATIONS = table(
    "instance_migrations",
    METADATA,
    _key(),
    sa.Column("uuid", Id(), nullable=False, unique=True),
    sa.Column("server_id", Id(), nullable=False, index=True),
    _id("project_id"),
    _id("user_id"),
    sa.Column("type", sa.String(32), nullable=False),
    sa.Column("status", sa.String(32), nullable=False),
    _name("source"),
    _name("dest"),
    _name("old_flavor_id"),
    _name("new_flavor_id"),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("updated_at", Instant(), nullable=False, index=True),
    sa.Column("token_digest", sa.String(64), nullable=False, default=""),
    _flag("hurried"),
    _json("figures"),
)

EVENTS = event_table(ROOM, METADATA)
JOBS = job_table(ROOM, METADATA)
