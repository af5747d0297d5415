"""A token as the API shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.core.instants import iso_micro_z
from compute.identity.model import Project
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.standing import Standing


def token_body(
    facts: TokenFacts, standing: Standing, catalogue: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """The ``token`` object; ``catalogue`` None: it is not shown."""
    user = standing.user
    expires = user.password_expires_at
    shown: dict[str, Any] = {
        "id": user.id,
        "name": user.name,
        "domain": _named(standing.user_domain),
        "password_expires_at": None if expires is None else iso_micro_z(expires),
    }
    if facts.provider_id and user.identity_provider_id:
        shown["OS-FEDERATION"] = {
            "identity_provider": {"id": facts.provider_id},
            "protocol": {"id": facts.protocol_id},
            "groups": [{"id": key} for key in standing.federated_group_ids],
        }
    body: dict[str, Any] = {
        "methods": list(facts.methods),
        "user": shown,
        "audit_ids": list(facts.audit_ids),
        "expires_at": iso_micro_z(facts.expires_at),
        "issued_at": iso_micro_z(facts.issued_at),
    }
    body.update(_scope(facts, standing))
    if standing.roles:
        body["roles"] = [{"id": role.id, "name": role.name} for role in standing.roles]
    if catalogue is not None and facts.scope:
        body["catalog"] = catalogue
    return body


def known_of(facts: TokenFacts) -> Mapping[str, str]:
    """What the URLs of the catalogue may use."""
    return {
        "project_id": facts.project_id,
        "tenant_id": facts.project_id,
        "user_id": facts.user_id,
    }


def _scope(facts: TokenFacts, standing: Standing) -> dict[str, Any]:
    found: dict[str, Any] = {}
    target, domain = standing.target, standing.target_domain
    if target is not None and domain is not None:
        found["project"] = {**_named(target), "domain": _named(domain)}
        found["is_domain"] = False
    elif target is not None:
        found["domain"] = _named(target)
    elif facts.scope == "system":
        found["system"] = {"all": True}
    trust = standing.trust
    if trust is not None:
        found["OS-TRUST:trust"] = {
            "id": trust.id,
            "trustor_user": {"id": trust.trustor_user_id},
            "trustee_user": {"id": trust.trustee_user_id},
            "impersonation": trust.impersonation,
        }
    credential = standing.application_credential
    if credential is not None:
        shown: dict[str, Any] = {
            "id": credential.id,
            "name": credential.name,
            "restricted": not credential.unrestricted,
        }
        if standing.access_rules is not None:
            shown["access_rules"] = [
                {
                    "id": rule.id,
                    "service": rule.service,
                    "method": rule.method,
                    "path": rule.path,
                }
                for rule in standing.access_rules
            ]
        found["application_credential"] = shown
    return found


def _named(project: Project) -> dict[str, str]:
    return {"id": project.id, "name": project.name}
