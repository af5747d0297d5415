"""Each subject's table as records."""

from __future__ import annotations

from compute.identity import tables
from compute.identity.model import (
    ApplicationCredential,
    Credential,
    Endpoint,
    EndpointGroup,
    Group,
    Limit,
    Project,
    Region,
    RegisteredLimit,
    Role,
    Service,
    StoredRule,
    Trust,
    User,
)
from compute.identity.store.records import Records

projects = Records(tables.projects, Project, "project")
domains = Records(tables.projects, Project, "domain")
users = Records(tables.users, User, "user")
groups = Records(tables.groups, Group, "group")
roles = Records(tables.roles, Role, "role")
regions = Records(tables.regions, Region, "region")
services = Records(tables.services, Service, "service")
endpoints = Records(tables.endpoints, Endpoint, "endpoint")
endpoint_groups = Records(tables.endpoint_groups, EndpointGroup, "endpoint group")
registered_limits = Records(
    tables.registered_limits, RegisteredLimit, "registered limit"
)
limits = Records(tables.limits, Limit, "limit")
credentials = Records(tables.credentials, Credential, "credential")
application_credentials = Records(
    tables.application_credentials, ApplicationCredential, "application credential"
)
access_rules = Records(tables.access_rules, StoredRule, "access rule")
trusts = Records(tables.trusts, Trust, "trust")
