"""From a request for a token to the token."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from compute.core.errors import Forbidden, Unauthorized
from compute.core.sql.database import Connection
from compute.identity import factors, tables
from compute.identity.auth import find
from compute.identity.auth.application_credential import user_by_credential
from compute.identity.auth.passcode import user_by_passcode
from compute.identity.auth.password import forget_failures, user_by_password
from compute.identity.auth.request import UNSCOPED, SignIn, Wanted
from compute.identity.model import (
    DOMAIN,
    PROJECT,
    SYSTEM,
    SYSTEM_ID,
    ApplicationCredential,
    Trust,
    User,
)
from compute.identity.parts import Parts
from compute.identity.store import reach
from compute.identity.store.subjects import projects, trusts
from compute.identity.tokens.facts import TokenFacts
from compute.identity.tokens.service import new_audit_id
from compute.identity.tokens.standing import Standing, standing_of

# What others guess.  Who comes with a token, or an application credential alone, has
# proved nothing of it, and may come while somebody guesses.
TYPED = frozenset({"password", "totp"})


@dataclass(frozen=True, slots=True)
class Known:
    """Who signs in, and by what; ``earlier``: the token, ``receipt``: the receipt that
    tells some of it."""

    user: User
    methods: tuple[str, ...]
    credential: ApplicationCredential | None = None
    earlier: TokenFacts | None = None
    receipt: TokenFacts | None = None


class TooFewMethods(Unauthorized):
    """The methods were right, but the user's rules want more: what of them holds."""

    def __init__(self, receipt: TokenFacts) -> None:
        super().__init__("More methods of signing in are required.")
        self.receipt = receipt


def sign_in(parts: Parts, wanted: SignIn) -> tuple[TokenFacts, Standing]:
    """The new token's facts; raises ``Unauthorized``, ``Forbidden``,
    ``TooFewMethods``."""
    known = _identify(parts, wanted)
    if not factors.are_enough(known.user, known.methods):
        user_id = known.user.id
        raise TooFewMethods(
            parts.tokens.give_receipt(user_id, known.methods, known.receipt)
        )
    if known.earlier is None and TYPED.intersection(known.methods):
        forget_failures(parts, known.user)
    now = parts.now()
    trust: Trust | None = None
    if wanted.scope.kind == "trust":
        trust = _use_trust(parts, wanted.scope.reference.id, known.user, now)
    scope, scope_id = _scope(parts, wanted, known, trust)
    earlier = known.earlier
    expires = now + parts.settings.token_life
    audit_ids: tuple[str, ...] = (new_audit_id(),)
    if earlier is not None:
        # A token got with a token lives no longer, and can be traced to the first.
        expires = min(expires, earlier.expires_at)
        audit_ids = (*audit_ids, earlier.audit_ids[-1])
    if known.credential is not None and known.credential.expires_at is not None:
        expires = min(expires, known.credential.expires_at)
    if trust is not None and trust.expires_at is not None:
        expires = min(expires, trust.expires_at)
    holder = known.user.id
    if trust is not None and trust.impersonation:
        holder = trust.trustor_user_id
    facts = TokenFacts(
        user_id=holder,
        methods=known.methods,
        issued_at=now,
        expires_at=expires,
        audit_ids=audit_ids,
        scope=scope,
        scope_id=scope_id,
        trust_id="" if trust is None else trust.id,
        application_credential_id=""
        if known.credential is None
        else known.credential.id,
        provider_id="" if earlier is None else earlier.provider_id,
        protocol_id="" if earlier is None else earlier.protocol_id,
    )
    return facts, parts.read(lambda connection: standing_of(connection, facts, now))


# ---- who -----------------------------------------------------------------------


def _identify(parts: Parts, wanted: SignIn) -> Known:
    """All methods must name the same user."""
    found: list[Known] = []
    receipt: TokenFacts | None = None
    if "password" in wanted.methods:
        user = user_by_password(parts, wanted.user, wanted.password)
        found.append(Known(user, ("password",)))
    if "application_credential" in wanted.methods:
        user, credential = user_by_credential(parts, wanted)
        found.append(Known(user, ("application_credential",), credential))
    if "totp" in wanted.methods:
        user = user_by_passcode(parts, wanted.passcode_user, wanted.passcode)
        found.append(Known(user, ("totp",)))
    if wanted.receipt:
        receipt, standing = parts.tokens.take_receipt(wanted.receipt)
        found.append(Known(standing.user, receipt.methods))
    if "token" in wanted.methods:
        found.append(_by_token(parts, wanted.token))
    if len({known.user.id for known in found}) != 1:
        raise Unauthorized()
    methods = tuple(dict.fromkeys(name for known in found for name in known.methods))
    return Known(
        found[0].user,
        methods,
        next((known.credential for known in found if known.credential), None),
        found[-1].earlier,
        receipt,
    )


def _by_token(parts: Parts, token: str) -> Known:
    facts, standing = parts.tokens.validate(token)
    if facts.trust_id or facts.application_credential_id:
        # What was lent for one project must not become more.
        raise Forbidden(
            "Tokens of trusts and application credentials cannot get other tokens."
        )
    methods = tuple(dict.fromkeys((*facts.methods, "token")))
    return Known(standing.user, methods, None, facts)


# ---- for what ------------------------------------------------------------------


def _scope(
    parts: Parts, wanted: SignIn, known: Known, trust: Trust | None
) -> tuple[str, str]:
    asked = wanted.scope
    if known.credential is not None:
        if asked.kind:
            raise Unauthorized("Application credentials cannot request a scope.")
        return PROJECT, known.credential.project_id
    if trust is not None:
        return PROJECT, trust.project_id
    if asked.kind == UNSCOPED:
        return "", ""
    if asked.kind == "":
        now = parts.now()
        return parts.read(lambda connection: _default(connection, known.user, now))
    return parts.read(lambda connection: _named(connection, asked))


def _named(connection: Connection, asked: Wanted) -> tuple[str, str]:
    if asked.kind == SYSTEM:
        return SYSTEM, SYSTEM_ID
    if asked.kind == DOMAIN:
        # A domain is referred to by its own id or name, not by that of an owner.
        found = find.domain(connection, asked.reference.id, asked.reference.name)
    else:
        found = find.project(connection, asked.reference)
    if found is None:
        raise Unauthorized()
    return asked.kind, found.id


def _default(connection: Connection, user: User, now: float) -> tuple[str, str]:
    """The user's own choice, if it is still one; otherwise no scope."""
    if not user.default_project_id:
        return "", ""
    project = projects.find(connection, user.default_project_id)
    if project is None or not project.enabled or project.is_domain:
        return "", ""
    if not reach.roles_on(connection, user.id, PROJECT, project, now):
        return "", ""
    return PROJECT, project.id


def _use_trust(parts: Parts, trust_id: str, user: User, now: float) -> Trust:
    """The trust, one use less left; ``Forbidden`` when it is not for this user."""

    def use(connection: Connection) -> Trust:
        trust = trusts.find(connection, trust_id)
        if trust is None or (trust.expires_at is not None and trust.expires_at <= now):
            raise Unauthorized()
        if trust.trustee_user_id != user.id:
            raise Forbidden("User is not a trustee.")
        if trust.remaining_uses is not None:
            if trust.remaining_uses < 1:
                raise Unauthorized("The trust has no uses left.")
            connection.execute(
                sa.update(tables.trusts)
                .where(tables.trusts.c.id == trust_id)
                .values(remaining_uses=trust.remaining_uses - 1)
            )
        return trust

    return parts.run(use)
