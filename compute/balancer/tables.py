"""The room's SQL tables.

Optional texts are "" and never NULL, so that they compare alike on every database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table
from compute.core.sql.event_log import event_table

metadata = sa.MetaData()

Word = sa.String(64)  # one of a few words that a program knows, or an address
Long = sa.String(1024)  # a URL, a prefix of one, a value to compare with


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _text(name: str, kind: Any = Word, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, index=index)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[float]:
    return sa.Column(name, Instant(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _thing(name: str, *columns: Any) -> sa.Table:
    return table(
        f"balancer_{name}",
        metadata,
        sa.Column("id", Id(), primary_key=True),
        sa.Column("project_id", Id(), nullable=False, index=True),
        _text("name", Name()),
        _text("description", Name()),
        _flag("admin_up"),
        _text("provisioning_status"),
        _text("operating_status"),
        _moment("created_at"),
        _moment("updated_at"),
        *columns,
    )


balancers = _thing(
    "balancers",
    _text("vip_address"),
    _text("vip_port_id", Id()),
    _text("vip_subnet_id", Id()),
    _text("vip_network_id", Id()),
    _text("vip_qos_policy_id", Id()),
    sa.Column("additional_vips", sa.JSON(), nullable=True),
    sa.Column("vip_sg_ids", sa.JSON(), nullable=True),
    sa.Column("flavor_id", Id(), nullable=False, server_default=""),
    sa.Column("connections_max", sa.Integer(), nullable=False, server_default="0"),
    _flag("owns_port"),
    _text("group_id", Id()),
    _text("host", Name(), index=True),
    _whole("generation"),
    _whole("applied"),
    _whole("opened"),
    _moment("pending_since"),
    sa.Column("problem", sa.Text(), nullable=False),
)


def _part(name: str, *columns: Any) -> sa.Table:
    owner = sa.ForeignKey(balancers.c.id)
    owned = sa.Column("balancer_id", Id(), owner, nullable=False, index=True)
    return _thing(name, owned, *columns)


listeners = _part(
    "listeners",
    _text("protocol"),
    _whole("port"),
    sa.Column("transport", Word, nullable=False, server_default="tcp"),
    _whole("connection_limit"),
    _text("default_pool_id", Id(), index=True),
    _json("insert_headers"),
    _whole("timeout_client_data"),
    _whole("timeout_member_connect"),
    _whole("timeout_member_data"),
    _whole("timeout_tcp_inspect"),
    _json("allowed_cidrs"),
    sa.Column("tls", sa.JSON(), nullable=True),
    sa.UniqueConstraint(
        "balancer_id", "port", "transport", name="balancer_listeners_place"
    ),
)

pools = _part(
    "pools",
    _text("protocol"),
    _text("algorithm"),
    _json("persistence"),
    _flag("tls_enabled"),
    sa.Column("tls", sa.JSON(), nullable=True),
)

members = _part(
    "members",
    _text("pool_id", Id(), index=True),
    _text("address"),
    _whole("port"),
    _whole("weight"),
    _flag("backup"),
    _text("subnet_id", Id()),
    _text("monitor_address"),
    _whole("monitor_port"),
    sa.UniqueConstraint("pool_id", "address", "port", name="balancer_members_place"),
)

monitors = _part(
    "monitors",
    _text("pool_id", Id()),
    _text("type"),
    _whole("delay"),
    _whole("timeout"),
    _whole("max_retries"),
    _whole("max_retries_down"),
    _text("http_method"),
    _text("url_path", Name()),
    _text("expected_codes"),
    _text("http_version"),
    _text("domain_name", Name()),
    sa.UniqueConstraint("pool_id", name="balancer_monitors_pool"),
)

policies = _part(
    "policies",
    _text("listener_id", Id(), index=True),
    _text("action"),
    _whole("position"),
    _text("redirect_pool_id", Id(), index=True),
    _text("redirect_url", Long),
    _text("redirect_prefix", Long),
    _whole("redirect_http_code"),
)

rules = _part(
    "rules",
    _text("policy_id", Id(), index=True),
    _text("type"),
    _text("compare_type"),
    _text("key", Name()),
    _text("value", Long),
    _flag("invert"),
)

tags = table(
    "balancer_tags",
    metadata,
    sa.Column("thing_id", Id(), primary_key=True),
    sa.Column("tag", Name(), primary_key=True),
)

quotas = table(
    "balancer_quotas",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("resource", Word, primary_key=True),
    _whole("amount"),
)

# The traffic of listeners, see ``counters.py``.
traffic = table(
    "balancer_traffic",
    metadata,
    sa.Column("listener_id", Id(), primary_key=True),
    sa.Column("balancer_id", Id(), nullable=False, index=True),
    _text("process"),
    _json("present"),
    _json("before"),
)

# Secrets that load balancers may use, see ``trust.py``.
trusts = table(
    "balancer_trusts",
    metadata,
    sa.Column("balancer_id", Id(), primary_key=True),
    sa.Column("reference", Name(), primary_key=True),
    _moment("at"),
)

# What operators offer, see ``flavors.py``.
flavor_profiles = table(
    "balancer_flavor_profiles",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    _text("name", Name()),
    _json("data"),
    _moment("created_at"),
)

flavors = table(
    "balancer_flavors",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False, unique=True),
    _text("description", Name()),
    _flag("enabled"),
    sa.Column("profile_id", Id(), sa.ForeignKey(flavor_profiles.c.id), nullable=False),
    _moment("created_at"),
)

# Hosts whose agent has been heard.
hosts = table(
    "balancer_hosts",
    metadata,
    sa.Column("host", Name(), primary_key=True),
    _moment("heard_at"),
    sa.Column("problem", sa.Text(), nullable=False),
)

events = event_table("balancer", metadata)

PARTS = (rules, policies, monitors, members, listeners, pools)
"""What a balancer has, in an order in which it may be deleted."""
