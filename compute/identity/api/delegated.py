"""What tokens that were only lent must not do: make credentials that outlive them, or
read such: an EC2 key has all the roles of its user."""

from __future__ import annotations

from compute.core.api.frame import ApiCall
from compute.identity.model import ApplicationCredential
from compute.identity.parts import Parts, forbidden
from compute.identity.store.subjects import application_credentials


def refuse_delegated(parts: Parts, call: ApiCall, rule: str) -> None:
    """``Forbidden`` to tokens of trusts and of restricted application credentials."""
    if parts.tokens.open(call.context.token).trust_id:
        raise forbidden(rule)
    unrestricted_credential(parts, call, rule)


def unrestricted_credential(
    parts: Parts, call: ApiCall, rule: str
) -> ApplicationCredential | None:
    """The application credential that the caller's token is of, None for other tokens;
    ``Forbidden`` when it is restricted."""
    facts = parts.tokens.open(call.context.token)
    if not facts.application_credential_id:
        return None
    found = parts.read(
        lambda connection: application_credentials.find(
            connection, facts.application_credential_id
        )
    )
    if found is None or not found.unrestricted:
        raise forbidden(rule)
    return found
