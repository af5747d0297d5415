"""identity: the first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "identity_0001"
down_revision = None
branch_labels = ("identity",)
depends_on = None

# Texts compare byte by byte on every database.
MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def upgrade() -> None:
    """Make the tables."""
    _people()
    _projects()
    _roles()
    _catalogue()
    _secrets()
    _records()


def downgrade() -> None:
    """Take them away."""
    op.drop_table("identity_events")
    op.drop_table("identity_revocations")
    op.drop_table("identity_trusts")
    op.drop_table("identity_access_rules")
    op.drop_table("identity_application_credentials")
    op.drop_table("identity_credentials")
    op.drop_table("identity_endpoints")
    op.drop_table("identity_services")
    op.drop_table("identity_regions")
    op.drop_table("identity_assignments")
    op.drop_table("identity_implied_roles")
    op.drop_table("identity_roles")
    op.drop_table("identity_memberships")
    op.drop_table("identity_groups")
    op.drop_table("identity_old_passwords")
    op.drop_table("identity_users")
    op.drop_table("identity_project_tags")
    op.drop_table("identity_projects")


def _people() -> None:
    op.create_table(
        "identity_users",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("domain_id", sa.String(64), nullable=False),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("default_project_id", sa.String(64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("password_at", sa.Double(), nullable=False),
        sa.Column("password_expires_at", sa.Double(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.Double(), nullable=False),
        sa.UniqueConstraint("domain_id", "name", name="identity_user_name"),
        **MYSQL,
    )
    op.create_table(
        "identity_old_passwords",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("password_hash", sa.String(255), primary_key=True),
        sa.Column("replaced_at", sa.Double(), nullable=False),
        **MYSQL,
    )
    op.create_table(
        "identity_groups",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("domain_id", sa.String(64), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.UniqueConstraint("domain_id", "name", name="identity_group_name"),
        **MYSQL,
    )
    op.create_table(
        "identity_memberships",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("group_id", sa.String(64), primary_key=True),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_memberships_group_id", "identity_memberships", ["group_id"]
    )


def _projects() -> None:
    op.create_table(
        "identity_projects",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("domain_id", sa.String(64), nullable=False),
        sa.Column("parent_id", sa.String(64), nullable=False),
        sa.Column("is_domain", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.UniqueConstraint("domain_id", "name", name="identity_project_name"),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_projects_parent_id", "identity_projects", ["parent_id"]
    )
    op.create_table(
        "identity_project_tags",
        sa.Column("project_id", sa.String(64), primary_key=True),
        sa.Column("tag", sa.String(255), primary_key=True),
        **MYSQL,
    )


def _roles() -> None:
    op.create_table(
        "identity_roles",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("domain_id", sa.String(64), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.UniqueConstraint("domain_id", "name", name="identity_role_name"),
        **MYSQL,
    )
    op.create_table(
        "identity_implied_roles",
        sa.Column("prior_id", sa.String(64), primary_key=True),
        sa.Column("implied_id", sa.String(64), primary_key=True),
        **MYSQL,
    )
    op.create_table(
        "identity_assignments",
        sa.Column("actor_kind", sa.String(16), primary_key=True),
        sa.Column("actor_id", sa.String(64), primary_key=True),
        sa.Column("target_kind", sa.String(16), primary_key=True),
        sa.Column("target_id", sa.String(64), primary_key=True),
        sa.Column("role_id", sa.String(64), primary_key=True),
        sa.Column("inherited", sa.Boolean(create_constraint=False), primary_key=True),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_assignments_role_id", "identity_assignments", ["role_id"]
    )
    op.create_index(
        "ix_identity_assignments_target_id", "identity_assignments", ["target_id"]
    )


def _catalogue() -> None:
    op.create_table(
        "identity_regions",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("parent_region_id", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_table(
        "identity_services",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_index("ix_identity_services_type", "identity_services", ["type"])
    op.create_table(
        "identity_endpoints",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("region_id", sa.String(255), nullable=False),
        sa.Column("interface", sa.String(16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_endpoints_service_id", "identity_endpoints", ["service_id"]
    )


def _secrets() -> None:
    op.create_table(
        "identity_credentials",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("sealed_blob", sa.Text(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_credentials_project_id", "identity_credentials", ["project_id"]
    )
    op.create_index(
        "ix_identity_credentials_user_id", "identity_credentials", ["user_id"]
    )
    op.create_table(
        "identity_application_credentials",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("unrestricted", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("role_ids", sa.JSON(), nullable=False),
        sa.Column("rule_ids", sa.JSON(none_as_null=True), nullable=True),
        sa.UniqueConstraint(
            "user_id", "name", name="identity_application_credential_name"
        ),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_application_credentials_project_id",
        "identity_application_credentials",
        ["project_id"],
    )
    op.create_table(
        "identity_access_rules",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("service", sa.String(255), nullable=False),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_access_rules_user_id", "identity_access_rules", ["user_id"]
    )
    op.create_table(
        "identity_trusts",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("trustor_user_id", sa.String(64), nullable=False),
        sa.Column("trustee_user_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("impersonation", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("remaining_uses", sa.Integer(), nullable=True),
        sa.Column("redelegation_count", sa.Integer(), nullable=False),
        sa.Column("redelegated_trust_id", sa.String(64), nullable=False),
        sa.Column("role_ids", sa.JSON(), nullable=False),
        sa.Column("extra", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_index("ix_identity_trusts_project_id", "identity_trusts", ["project_id"])
    op.create_index(
        "ix_identity_trusts_redelegated_trust_id",
        "identity_trusts",
        ["redelegated_trust_id"],
    )
    op.create_index(
        "ix_identity_trusts_trustee_user_id", "identity_trusts", ["trustee_user_id"]
    )
    op.create_index(
        "ix_identity_trusts_trustor_user_id", "identity_trusts", ["trustor_user_id"]
    )


def _records() -> None:
    op.create_table(
        "identity_revocations",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("issued_before", sa.Double(), nullable=False),
        sa.Column("revoked_at", sa.Double(), nullable=False),
        **MYSQL,
    )
    op.create_index(
        "ix_identity_revocations_revoked_at", "identity_revocations", ["revoked_at"]
    )
    op.create_table(
        "identity_events",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("project_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        **MYSQL,
    )
    op.create_index("ix_identity_events_subject_id", "identity_events", ["subject_id"])
