"""What a token says, and its compact form.  Pure.

A token holds ids and times only; names, roles and the catalogue are looked up anew
whenever it is validated, so a token never knows more than the database does.
Ids that are 32 hexadecimal digits travel as 16 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgpack

FORMAT_VERSION = 1
# Bits of the methods a user signed in with; never renumber.
METHOD_BITS = {
    "password": 1,
    "token": 2,
    "application_credential": 4,
    "ec2credential": 8,
    "totp": 16,
    "mapped": 32,
}
SCOPES = ("", "project", "domain", "system")


class BadToken(ValueError):
    """The content is not one of ours."""


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """One token.  Times are seconds since the epoch; ``audit_ids`` are its own and,
    when it was got with another token, that of the first in the chain."""

    user_id: str
    methods: tuple[str, ...]
    issued_at: float
    expires_at: float
    audit_ids: tuple[str, ...]
    scope: str = ""  # one of SCOPES
    scope_id: str = ""
    trust_id: str = ""
    application_credential_id: str = ""
    # By whom the user came, if somebody else knows him.
    provider_id: str = ""
    protocol_id: str = ""

    @property
    def project_id(self) -> str:
        """The project it is scoped to, or ""."""
        return self.scope_id if self.scope == "project" else ""

    @property
    def domain_id(self) -> str:
        """The domain it is scoped to, or ""."""
        return self.scope_id if self.scope == "domain" else ""


def pack(facts: TokenFacts) -> bytes:
    """The content of a token."""
    methods = sum(METHOD_BITS[method] for method in set(facts.methods))
    fields: tuple[object, ...] = (
        FORMAT_VERSION,
        _packed(facts.user_id),
        methods,
        round(facts.issued_at * 1e6),
        round(facts.expires_at * 1e6),
        facts.audit_ids,
        SCOPES.index(facts.scope),
        _packed(facts.scope_id),
        _packed(facts.trust_id),
        _packed(facts.application_credential_id),
    )
    if facts.provider_id:
        fields += (_packed(facts.provider_id), _packed(facts.protocol_id))
    content: bytes = msgpack.packb(fields)
    return content


def unpack(content: bytes) -> TokenFacts:
    """The reverse; raises ``BadToken``."""
    try:
        version, user, methods, issued, expires, audit_ids, scope, *ids = (
            msgpack.unpackb(content)
        )
        if version != FORMAT_VERSION:
            raise BadToken(f"tokens of version {version} are not known")
        if len(ids) == 3:
            ids += ["", ""]
        scope_id, trust_id, credential_id, provider_id, protocol_id = (
            _unpacked(value) for value in ids
        )
        return TokenFacts(
            user_id=_unpacked(user),
            methods=tuple(name for name, bit in METHOD_BITS.items() if methods & bit),
            issued_at=issued / 1e6,
            expires_at=expires / 1e6,
            audit_ids=tuple(audit_ids),
            scope=SCOPES[scope],
            scope_id=scope_id,
            trust_id=trust_id,
            application_credential_id=credential_id,
            provider_id=provider_id,
            protocol_id=protocol_id,
        )
    except (ValueError, TypeError, IndexError, msgpack.UnpackException) as error:
        raise BadToken(str(error)) from None


def _packed(identifier: str) -> bytes | str:
    if len(identifier) == 32:
        try:
            packed = bytes.fromhex(identifier)
        except ValueError:
            return identifier
        if packed.hex() == identifier:
            return packed
    return identifier


def _unpacked(value: bytes | str) -> str:
    return value.hex() if isinstance(value, bytes) else value
