"""The tables of roles, who has them, and credentials and trusts to act by."""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.sql.database import Id, Instant, Name, table
from compute.identity.tables.frame import extra_column, flag, metadata, text_type

roles = table(
    "identity_roles",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("options", sa.JSON(), nullable=False),
    extra_column(),
    sa.UniqueConstraint("domain_id", "name", name="identity_role_name"),
)

implied_roles = table(
    "identity_implied_roles",
    metadata,
    sa.Column("prior_id", Id(), primary_key=True),
    sa.Column("implied_id", Id(), primary_key=True),
)

assignments = table(
    "identity_assignments",
    metadata,
    sa.Column("actor_kind", sa.String(16), primary_key=True),
    sa.Column("actor_id", Id(), primary_key=True),
    sa.Column("target_kind", sa.String(16), primary_key=True),
    sa.Column("target_id", Id(), primary_key=True, index=True),
    sa.Column("role_id", Id(), primary_key=True, index=True),
    sa.Column("inherited", sa.Boolean(create_constraint=False), primary_key=True),
)

trusts = table(
    "identity_trusts",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("trustor_user_id", Id(), nullable=False, index=True),
    sa.Column("trustee_user_id", Id(), nullable=False, index=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    flag("impersonation"),
    sa.Column("expires_at", Instant(), nullable=True),
    sa.Column("remaining_uses", sa.Integer(), nullable=True),
    sa.Column("redelegation_count", sa.Integer(), nullable=False),
    sa.Column("redelegated_trust_id", Id(), nullable=False, index=True),
    sa.Column("role_ids", sa.JSON(), nullable=False),
    extra_column(),
)

application_credentials = table(
    "identity_application_credentials",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("user_id", Id(), nullable=False),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("secret_hash", sa.String(255), nullable=False),
    sa.Column("description", text_type(), nullable=True),
    sa.Column("expires_at", Instant(), nullable=True),
    flag("unrestricted"),
    sa.Column("role_ids", sa.JSON(), nullable=False),
    # None: not restricted; a list of ids of access rules otherwise.
    sa.Column("rule_ids", sa.JSON(none_as_null=True), nullable=True),
    sa.UniqueConstraint("user_id", "name", name="identity_application_credential_name"),
)

access_rules = table(
    "identity_access_rules",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("service", Name(), nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("path", sa.String(255), nullable=False),
)

credentials = table(
    "identity_credentials",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("type", Name(), nullable=False),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("sealed_blob", text_type(), nullable=False),
    # By which EC2 keys are found without opening others.
    sa.Column("access_digest", sa.String(64), nullable=True),
    # The newest half minute whose passcode was used, of secrets for passcodes.
    sa.Column("used_step", sa.BigInteger(), nullable=True),
    extra_column(),
    sa.Index("identity_credentials_access", "access_digest", unique=True),
)
