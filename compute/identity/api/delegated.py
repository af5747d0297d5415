"""What tokens that were only lent must not do: make credentials that outlive them, or
read such: an EC2 key has all the roles of its user."""

from __future__ import annotations

from compute.core.api import ApiCall
from compute.identity.parts import IdentityParts, forbidden
from compute.identity.store.subjects import application_credentials


def refuse_delegated(parts: IdentityParts, call: ApiCall, rule: str) -> None:
    """``Forbidden`` to tokens of trusts and of restricted application credentials."""
    facts = parts.tokens.open(call.context.token)
    if facts.trust_id:
        raise forbidden(rule)
    if facts.application_credential_id:
        found = parts.read(
            lambda connection: application_credentials.find(
                connection, facts.application_credential_id
            )
        )
        if found is None or not found.unrestricted:
            raise forbidden(rule)
