"""The tables of projects, and of the people and groups in domains.

Domains are projects of their own kind (``is_domain``), as in OpenStack, so that what
is true of projects (names, tags, children) is written once.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table
from compute.identity.tables.frame import extra_column, flag, metadata, text_type

projects = table(
    "identity_projects",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    sa.Column("parent_id", Id(), nullable=False, index=True),
    flag("is_domain"),
    flag("enabled"),
    sa.Column("description", text_type(), nullable=False),
    sa.Column("options", sa.JSON(), nullable=False),
    extra_column(),
    sa.UniqueConstraint("domain_id", "name", name="identity_project_name"),
)

project_tags = table(
    "identity_project_tags",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    sa.Column("tag", Name(), primary_key=True),
)

users = table(
    "identity_users",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    flag("enabled"),
    sa.Column("default_project_id", Id(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("options", sa.JSON(), nullable=False),
    extra_column(),
    sa.Column("created_at", Instant(), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("password_at", Instant(), nullable=False),
    sa.Column("password_expires_at", Instant(), nullable=True),
    sa.Column("failures", sa.Integer(), nullable=False),
    sa.Column("failed_at", Instant(), nullable=False),
    # Whom the user came from, and ends with; "": nobody.
    sa.Column("identity_provider_id", Id(), nullable=False, server_default=""),
    sa.UniqueConstraint("domain_id", "name", name="identity_user_name"),
)

old_passwords = table(
    "identity_old_passwords",
    metadata,
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("password_hash", sa.String(255), primary_key=True),
    sa.Column("replaced_at", Instant(), nullable=False),
)

groups = table(
    "identity_groups",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    sa.Column("description", text_type(), nullable=False),
    extra_column(),
    sa.UniqueConstraint("domain_id", "name", name="identity_group_name"),
)

memberships = table(
    "identity_memberships",
    metadata,
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("group_id", Id(), primary_key=True, index=True),
)
