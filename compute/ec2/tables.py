"""The room's SQL tables: what no other room has a place for."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table

metadata = sa.MetaData()

templates = table(
    "ec2_launch_templates",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("project_id", Id(), nullable=False),
    sa.Column("name", Name(), nullable=False),
    sa.Column("default_version", sa.Integer(), nullable=False),
    sa.Column("latest_version", sa.Integer(), nullable=False),
    # The highest number that was ever given, so none is given twice.
    sa.Column("last_number", sa.Integer(), nullable=False),
    sa.Column("tags", sa.JSON(), nullable=False),
    sa.Column("client_token", Id(), nullable=False),
    sa.Column("created_by", Name(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
    sa.UniqueConstraint("project_id", "name", name="uq_ec2_launch_templates_name"),
)

versions = table(
    "ec2_launch_template_versions",
    metadata,
    sa.Column("template_id", Id(), primary_key=True),
    sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("description", Name(), nullable=False),
    sa.Column("data", sa.JSON(), nullable=False),
    sa.Column("client_token", Id(), nullable=False),
    sa.Column("created_by", Name(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
)

key_pair_tags = table(
    "ec2_key_pair_tags",
    metadata,
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("name", Name(), primary_key=True),
    # Of the key that they were given to: another of the same name has none of them.
    sa.Column("fingerprint", Name(), nullable=False),
    sa.Column("tags", sa.JSON(), nullable=False),
)

# Things that are nothing but what is said of them: network ACLs, DHCP options, versions
# of prefix lists, tasks, what placement groups are tagged with.
kept_things = table(
    "ec2_kept_things",
    metadata,
    sa.Column("project_id", Id(), primary_key=True),
    # In EC2's form.
    sa.Column("id", Id(), primary_key=True),
    sa.Column("kind", Id(), nullable=False),
    # The VPC that it is of, or "".
    sa.Column("vpc", Id(), nullable=False),
    sa.Column("content", sa.JSON(), nullable=False),
    sa.Column("tags", sa.JSON(), nullable=False),
    sa.Column("client_token", Id(), nullable=False),
    sa.Column("created_at", Instant(), nullable=False),
)
