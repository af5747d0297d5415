"""Who may do what in identity: the defaults, as operators of Keystone know them.

Admins may do everything.  With the system as scope readers may read everything.  With
a domain as scope readers may read the domain, and managers run it: its users, groups
and projects, and who has the roles manager, member and reader in it.  Everybody may
read and change what is his own.  Targets are flat: ``target.user.domain_id``.

What is no domain's is refused to whoever comes with a domain as scope, whatever the
rule says: an administrator of one domain is none of the cloud.
"""

from __future__ import annotations

ADMIN = "rule:admin_required"
SYSTEM_READER = "(role:reader and system_scope:all)"
READER = f"{ADMIN} or {SYSTEM_READER}"
SERVICE = "(role:service)"
MANAGED_ROLE = (
    "('manager':%(target.role.name)s or 'member':%(target.role.name)s"
    " or 'reader':%(target.role.name)s)"
)


def _domain_reader(noun: str) -> str:
    return f"(role:reader and domain_id:%(target.{noun}.domain_id)s)"


def _domain_manager(noun: str) -> str:
    return f"(role:manager and domain_id:%(target.{noun}.domain_id)s)"


def _read(noun: str) -> str:
    return f"{READER} or {_domain_reader(noun)}"


def _manage(noun: str) -> str:
    return f"{ADMIN} or {_domain_manager(noun)}"


_OWNER = "user_id:%(target.user.id)s"
_OWN_PROJECT = "project_id:%(target.project.id)s"
_LIST = f"{READER} or (role:reader and domain_id:%(target.domain_id)s)"
# Everything that a grant joins must belong to the manager's domain.
_GRANT_DOMAIN = (
    "domain_id:%(target.actor.domain_id)s and domain_id:%(target.target.domain_id)s"
)
_TRUST_PARTY = "user_id:%(target.trust.trustor_user_id)s"
_TRUST_PARTIES = f"{_TRUST_PARTY} or user_id:%(target.trust.trustee_user_id)s"

_USERS = {
    "identity:get_user": f"{_read('user')} or {_OWNER}",
    "identity:list_users": _LIST,
    "identity:create_user": _manage("user"),
    "identity:update_user": _manage("user"),
    "identity:delete_user": _manage("user"),
    "identity:list_groups_for_user": f"{_read('user')} or {_OWNER}",
    "identity:list_user_projects": f"{_read('user')} or {_OWNER}",
    "identity:get_group": _read("group"),
    "identity:list_groups": _LIST,
    "identity:create_group": _manage("group"),
    "identity:update_group": _manage("group"),
    "identity:delete_group": _manage("group"),
    "identity:list_users_in_group": _read("group"),
    "identity:check_user_in_group": (
        f"{READER} or ({_domain_reader('group')} and {_domain_reader('user')})"
    ),
    "identity:add_user_to_group": (
        f"{ADMIN} or ({_domain_manager('group')} and {_domain_manager('user')})"
    ),
    "identity:remove_user_from_group": (
        f"{ADMIN} or ({_domain_manager('group')} and {_domain_manager('user')})"
    ),
}

_PROJECTS = {
    "identity:get_project": f"{_read('project')} or {_OWN_PROJECT}",
    "identity:list_projects": _LIST,
    "identity:create_project": _manage("project"),
    "identity:update_project": _manage("project"),
    "identity:delete_project": _manage("project"),
    "identity:get_project_tag": f"{_read('project')} or {_OWN_PROJECT}",
    "identity:list_project_tags": f"{_read('project')} or {_OWN_PROJECT}",
    "identity:create_project_tag": _manage("project"),
    "identity:update_project_tags": _manage("project"),
    "identity:delete_project_tag": _manage("project"),
    "identity:get_domain": (
        f"{READER} or (role:reader and domain_id:%(target.domain.id)s)"
        " or project_domain_id:%(target.domain.id)s"
    ),
    "identity:list_domains": (
        f"{READER} or (role:reader and domain_id:%(target.domain.id)s)"
    ),
    "identity:create_domain": ADMIN,
    "identity:update_domain": ADMIN,
    "identity:delete_domain": ADMIN,
}

_REGIONS = {"identity:get_region": "", "identity:list_regions": ""}

# Managers of any domain: they give roles, so they must find them.
_DOMAINS_MANAGER = "(role:manager and domain_id:%(target.scope.domain_id)s)"

_ROLES = {
    "identity:get_role": f"{READER} or {_DOMAINS_MANAGER}",
    "identity:list_roles": f"{READER} or {_DOMAINS_MANAGER}",
    "identity:create_role": ADMIN,
    "identity:update_role": ADMIN,
    "identity:delete_role": ADMIN,
    "identity:get_implied_role": READER,
    "identity:list_implied_roles": READER,
    "identity:list_role_inference_rules": READER,
    "identity:create_implied_role": ADMIN,
    "identity:delete_implied_role": ADMIN,
    "identity:check_grant": f"{READER} or (role:reader and {_GRANT_DOMAIN})",
    "identity:list_grants": f"{READER} or (role:reader and {_GRANT_DOMAIN})",
    "identity:create_grant": (
        f"{ADMIN} or (role:manager and {_GRANT_DOMAIN} and {MANAGED_ROLE})"
    ),
    "identity:revoke_grant": (
        f"{ADMIN} or (role:manager and {_GRANT_DOMAIN} and {MANAGED_ROLE})"
    ),
    "identity:check_system_grant": READER,
    "identity:list_system_grants": READER,
    "identity:create_system_grant": ADMIN,
    "identity:revoke_system_grant": ADMIN,
    "identity:list_role_assignments": (
        f"{READER} or (role:reader and domain_id:%(target.domain_id)s) or {_OWNER}"
    ),
    "identity:list_role_assignments_for_tree": (
        f"{READER} or (role:reader and domain_id:%(target.project.domain_id)s)"
    ),
}

_CATALOGUE = {
    "identity:get_service": READER,
    "identity:list_services": READER,
    "identity:create_service": ADMIN,
    "identity:update_service": ADMIN,
    "identity:delete_service": ADMIN,
    "identity:get_endpoint": READER,
    "identity:list_endpoints": READER,
    "identity:create_endpoint": ADMIN,
    "identity:update_endpoint": ADMIN,
    "identity:delete_endpoint": ADMIN,
    "identity:list_projects_for_endpoint": READER,
    "identity:add_endpoint_to_project": ADMIN,
    "identity:check_endpoint_in_project": READER,
    "identity:list_endpoints_for_project": READER,
    "identity:remove_endpoint_from_project": ADMIN,
    "identity:create_endpoint_group": ADMIN,
    "identity:list_endpoint_groups": READER,
    "identity:get_endpoint_group": READER,
    "identity:update_endpoint_group": ADMIN,
    "identity:delete_endpoint_group": ADMIN,
    "identity:list_projects_associated_with_endpoint_group": READER,
    "identity:list_endpoints_associated_with_endpoint_group": READER,
    "identity:get_endpoint_group_in_project": READER,
    "identity:list_endpoint_groups_for_project": READER,
    "identity:add_endpoint_group_to_project": ADMIN,
    "identity:remove_endpoint_group_from_project": ADMIN,
    "identity:create_region": ADMIN,
    "identity:update_region": ADMIN,
    "identity:delete_region": ADMIN,
}

_CREDENTIALS = {
    "identity:get_credential": f"{READER} or {_OWNER}",
    "identity:list_credentials": f"{READER} or {_OWNER}",
    "identity:create_credential": f"{ADMIN} or {_OWNER}",
    "identity:update_credential": f"{ADMIN} or {_OWNER}",
    "identity:delete_credential": f"{ADMIN} or {_OWNER}",
    "identity:s3tokens_validate": f"{ADMIN} or {SERVICE}",
    "identity:ec2tokens_validate": f"{ADMIN} or {SERVICE}",
}

# Each stands for somebody in one project.
_DELEGATIONS = {
    "identity:ec2_get_credential": f"{READER} or {_OWNER}",
    "identity:ec2_list_credentials": f"{READER} or {_OWNER}",
    "identity:ec2_create_credential": f"{ADMIN} or {_OWNER}",
    "identity:ec2_delete_credential": f"{ADMIN} or {_OWNER}",
    "identity:get_application_credential": f"{READER} or {_OWNER}",
    "identity:list_application_credentials": f"{READER} or {_OWNER}",
    "identity:create_application_credential": _OWNER,
    "identity:delete_application_credential": f"{ADMIN} or {_OWNER}",
    "identity:get_access_rule": f"{READER} or {_OWNER}",
    "identity:list_access_rules": f"{READER} or {_OWNER}",
    "identity:delete_access_rule": f"{ADMIN} or {_OWNER}",
    "identity:create_trust": _TRUST_PARTY,
    "identity:list_trusts": READER,
    "identity:list_trusts_for_trustor": f"{READER} or {_TRUST_PARTY}",
    "identity:list_trusts_for_trustee": (
        f"{READER} or user_id:%(target.trust.trustee_user_id)s"
    ),
    "identity:get_trust": f"{READER} or {_TRUST_PARTIES}",
    "identity:delete_trust": f"{ADMIN} or {_TRUST_PARTY}",
}

_OWN_LIMIT = (
    "project_id:%(target.limit.project_id)s or domain_id:%(target.limit.domain_id)s"
    " or domain_id:%(target.limit.project.domain_id)s"
)
_LIMITS = {
    "identity:get_limit_model": "",
    "identity:get_registered_limit": "",
    "identity:list_registered_limits": "",
    "identity:create_registered_limits": ADMIN,
    "identity:update_registered_limit": ADMIN,
    "identity:delete_registered_limit": ADMIN,
    "identity:get_limit": f"{READER} or {SERVICE} or {_OWN_LIMIT}",
    # Everybody sees those of his own scope.
    "identity:list_limits": "",
    "identity:list_all_limits": f"{READER} or {SERVICE}",
    "identity:create_limits": ADMIN,
    "identity:update_limit": ADMIN,
    "identity:delete_limit": ADMIN,
}

_FEDERATION = {
    f"identity:{verb}_{noun}": may
    for noun in ("identity_provider", "protocol", "mapping", "service_provider")
    for verb, may in (
        ("get", READER),
        ("create", ADMIN),
        ("update", ADMIN),
        ("delete", ADMIN),
    )
} | {
    f"identity:list_{nouns}": READER
    for nouns in ("identity_providers", "protocols", "mappings", "service_providers")
}

_TOKENS = {
    "identity:validate_token": (
        f"{READER} or {SERVICE} or user_id:%(target.token.user_id)s"
    ),
    "identity:revoke_token": f"{ADMIN} or user_id:%(target.token.user_id)s",
    "identity:get_auth_catalog": "",
    "identity:get_auth_projects": "",
    "identity:get_auth_domains": "",
    "identity:get_auth_system": "",
}

# Refused to whoever comes with a domain as scope.
NOT_BY_DOMAINS = frozenset(
    {
        *_CATALOGUE,
        *_DELEGATIONS,
        *_FEDERATION,
        "identity:create_domain",
        "identity:update_domain",
        "identity:delete_domain",
        "identity:create_role",
        "identity:update_role",
        "identity:delete_role",
        "identity:get_implied_role",
        "identity:list_implied_roles",
        "identity:list_role_inference_rules",
        "identity:create_implied_role",
        "identity:delete_implied_role",
        "identity:check_system_grant",
        "identity:list_system_grants",
        "identity:create_system_grant",
        "identity:revoke_system_grant",
        "identity:create_registered_limits",
        "identity:update_registered_limit",
        "identity:delete_registered_limit",
        "identity:create_limits",
        "identity:update_limit",
        "identity:delete_limit",
    }
)

DEFAULTS = {
    "admin_required": "role:admin",
    **_USERS,
    **_PROJECTS,
    **_ROLES,
    **_REGIONS,
    **_CATALOGUE,
    **_CREDENTIALS,
    **_DELEGATIONS,
    **_LIMITS,
    **_FEDERATION,
    **_TOKENS,
}
