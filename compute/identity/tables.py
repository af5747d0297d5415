"""The identity room's tables.

Domains are projects of their own kind (``is_domain``), as in OpenStack, so that what
is true of projects (names, tags, children) is written once.  "" stands for "none"
in keys, where NULLs would not be unique.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.database import Id, Instant, Name, table
from compute.core.event_log import event_table
from compute.identity.federation.tables import (
    federated_memberships as federated_memberships,
)
from compute.identity.federation.tables import (
    federated_users as federated_users,
)
from compute.identity.federation.tables import (
    identity_providers as identity_providers,
)
from compute.identity.federation.tables import (
    mappings as mappings,
)
from compute.identity.federation.tables import (
    protocols as protocols,
)
from compute.identity.federation.tables import (
    remote_ids as remote_ids,
)
from compute.identity.federation.tables import (
    service_providers as service_providers,
)
from compute.identity.limit_tables import limits as limits
from compute.identity.limit_tables import registered_limits as registered_limits
from compute.identity.table_frame import extra_column as _extra
from compute.identity.table_frame import flag as _flag
from compute.identity.table_frame import metadata as metadata
from compute.identity.table_frame import text_type as _text

projects = table(
    "identity_projects",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    sa.Column("parent_id", Id(), nullable=False, index=True),
    _flag("is_domain"),
    _flag("enabled"),
    sa.Column("description", _text(), nullable=False),
    sa.Column("options", sa.JSON(), nullable=False),
    _extra(),
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
    _flag("enabled"),
    sa.Column("default_project_id", Id(), nullable=False),
    sa.Column("description", _text(), nullable=True),
    sa.Column("options", sa.JSON(), nullable=False),
    _extra(),
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
    sa.Column("description", _text(), nullable=False),
    _extra(),
    sa.UniqueConstraint("domain_id", "name", name="identity_group_name"),
)

memberships = table(
    "identity_memberships",
    metadata,
    sa.Column("user_id", Id(), primary_key=True),
    sa.Column("group_id", Id(), primary_key=True, index=True),
)

roles = table(
    "identity_roles",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("domain_id", Id(), nullable=False),
    sa.Column("description", _text(), nullable=True),
    sa.Column("options", sa.JSON(), nullable=False),
    _extra(),
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

regions = table(
    "identity_regions",
    metadata,
    sa.Column("id", Name(), primary_key=True),
    sa.Column("parent_region_id", Name(), nullable=False),
    sa.Column("description", _text(), nullable=False),
    _extra(),
)

services = table(
    "identity_services",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("type", Name(), nullable=False, index=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("description", _text(), nullable=True),
    _flag("enabled"),
    _extra(),
)

endpoints = table(
    "identity_endpoints",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("service_id", Id(), nullable=False, index=True),
    sa.Column("region_id", Name(), nullable=False),
    sa.Column("interface", sa.String(16), nullable=False),
    sa.Column("url", _text(), nullable=False),
    _flag("enabled"),
    _extra(),
)

# Which endpoints a project's tokens show, one by one and by groups; a project without
# either is shown all.
endpoint_projects = table(
    "identity_endpoint_projects",
    metadata,
    sa.Column("endpoint_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), primary_key=True, index=True),
)

endpoint_groups = table(
    "identity_endpoint_groups",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("description", _text(), nullable=True),
    sa.Column("filters", sa.JSON(), nullable=False),
)

endpoint_group_projects = table(
    "identity_endpoint_group_projects",
    metadata,
    sa.Column("endpoint_group_id", Id(), primary_key=True),
    sa.Column("project_id", Id(), primary_key=True, index=True),
)

credentials = table(
    "identity_credentials",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("type", Name(), nullable=False),
    sa.Column("user_id", Id(), nullable=False, index=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("sealed_blob", _text(), nullable=False),
    # By which EC2 keys are found without opening others.
    sa.Column("access_digest", sa.String(64), nullable=True),
    # The newest half minute whose passcode was used, of secrets for passcodes.
    sa.Column("used_step", sa.BigInteger(), nullable=True),
    _extra(),
    sa.Index("identity_credentials_access", "access_digest", unique=True),
)

application_credentials = table(
    "identity_application_credentials",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("name", Name(), nullable=False),
    sa.Column("user_id", Id(), nullable=False),
    sa.Column("project_id", Id(), nullable=False, index=True),
    sa.Column("secret_hash", sa.String(255), nullable=False),
    sa.Column("description", _text(), nullable=True),
    sa.Column("expires_at", Instant(), nullable=True),
    _flag("unrestricted"),
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

trusts = table(
    "identity_trusts",
    metadata,
    sa.Column("id", Id(), primary_key=True),
    sa.Column("trustor_user_id", Id(), nullable=False, index=True),
    sa.Column("trustee_user_id", Id(), nullable=False, index=True),
    sa.Column("project_id", Id(), nullable=False, index=True),
    _flag("impersonation"),
    sa.Column("expires_at", Instant(), nullable=True),
    sa.Column("remaining_uses", sa.Integer(), nullable=True),
    sa.Column("redelegation_count", sa.Integer(), nullable=False),
    sa.Column("redelegated_trust_id", Id(), nullable=False, index=True),
    sa.Column("role_ids", sa.JSON(), nullable=False),
    _extra(),
)

revocations = table(
    "identity_revocations",
    metadata,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(160), nullable=False),
    sa.Column("issued_before", Instant(), nullable=False),
    sa.Column("revoked_at", Instant(), nullable=False, index=True),
)

events = event_table("identity", metadata)
