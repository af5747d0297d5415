"""External networks are lent to all as the way out, by a policy that can be changed."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "network_0007"
down_revision = "network_0006"
branch_labels = None
depends_on = None

EXTERNAL, ALL_PROJECTS = "access_as_external", "*"
NETWORKS = sa.table(
    "network_networks",
    sa.column("id", sa.String),
    sa.column("project_id", sa.String),
    sa.column("external", sa.Boolean),
    sa.column("created_at", sa.Double),
)
POLICIES = sa.table(
    "network_rbac_policies",
    sa.column("id", sa.String),
    sa.column("project_id", sa.String),
    sa.column("name", sa.String),
    sa.column("description", sa.String),
    sa.column("revision", sa.Integer),
    sa.column("created_at", sa.Double),
    sa.column("updated_at", sa.Double),
    sa.column("object_type", sa.String),
    sa.column("object_id", sa.String),
    sa.column("action", sa.String),
    sa.column("target_project", sa.String),
)


def upgrade() -> None:
    """Lend those that are external, and not lent to all by a policy yet; end what
    lends others as the way out, which they never were and must not become by it."""
    connection = op.get_bind()
    outside = sa.select(NETWORKS.c.id).where(NETWORKS.c.external.is_(True))
    connection.execute(
        POLICIES.delete().where(
            POLICIES.c.action == EXTERNAL, POLICIES.c.object_id.not_in(outside)
        )
    )
    lent = sa.select(POLICIES.c.object_id).where(
        POLICIES.c.action == EXTERNAL, POLICIES.c.target_project == ALL_PROJECTS
    )
    rows = connection.execute(
        sa.select(NETWORKS).where(
            NETWORKS.c.external.is_(True), NETWORKS.c.id.not_in(lent)
        )
    )
    for row in rows.all():
        connection.execute(
            POLICIES.insert().values(
                id=str(uuid.uuid4()),
                project_id=row.project_id,
                name="",
                description="",
                revision=0,
                created_at=row.created_at,
                updated_at=row.created_at,
                object_type="network",
                object_id=row.id,
                action=EXTERNAL,
                target_project=ALL_PROJECTS,
            )
        )
