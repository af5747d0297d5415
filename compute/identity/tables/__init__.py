"""The room's SQL tables, by what they are about.

"" stands for "none" in keys, where NULLs would not be unique.
"""

from __future__ import annotations

from compute.identity.tables.catalogue import (
    endpoint_group_projects,
    endpoint_groups,
    endpoint_projects,
    endpoints,
    regions,
    services,
)
from compute.identity.tables.federation import (
    federated_memberships,
    federated_users,
    identity_providers,
    mappings,
    protocols,
    remote_ids,
    service_providers,
)
from compute.identity.tables.frame import (
    metadata,
)
from compute.identity.tables.log import (
    events,
    revocations,
)
from compute.identity.tables.people import (
    groups,
    memberships,
    old_passwords,
    project_tags,
    projects,
    users,
)
from compute.identity.tables.rights import (
    access_rules,
    application_credentials,
    assignments,
    credentials,
    implied_roles,
    roles,
    trusts,
)
from compute.identity.tables.unified_limits import (
    limits,
    registered_limits,
)

__all__ = [
    "access_rules",
    "application_credentials",
    "assignments",
    "credentials",
    "endpoint_group_projects",
    "endpoint_groups",
    "endpoint_projects",
    "endpoints",
    "events",
    "federated_memberships",
    "federated_users",
    "groups",
    "identity_providers",
    "implied_roles",
    "limits",
    "mappings",
    "memberships",
    "metadata",
    "old_passwords",
    "project_tags",
    "projects",
    "protocols",
    "regions",
    "registered_limits",
    "remote_ids",
    "revocations",
    "roles",
    "service_providers",
    "services",
    "trusts",
    "users",
]
