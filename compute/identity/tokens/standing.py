"""What stands behind a token now: its user, scope and roles as the database has them.

A token is good only while all of it is there and enabled, and while its user still
has a role where it is scoped to.  So ending a right ends tokens, revoked or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import rights
from compute.identity.federation.standing import (
    check_any_way_in,
    check_way_in,
    groups_by_word_of,
)
from compute.identity.model import (
    PROJECT,
    ApplicationCredential,
    Project,
    Role,
    StoredRule,
    Trust,
    User,
)
from compute.identity.store import assignments, reach
from compute.identity.store.subjects import (
    access_rules,
    application_credentials,
    projects,
    trusts,
    users,
)
from compute.identity.tokens.facts import TokenFacts


@dataclass(frozen=True, slots=True)
class Standing:
    """The records behind a token.  ``target`` is its project or domain."""

    user: User
    user_domain: Project
    target: Project | None = None
    target_domain: Project | None = None
    roles: tuple[Role, ...] = ()
    trust: Trust | None = None
    application_credential: ApplicationCredential | None = None
    # The rules of a restricted application credential; None: it has none.
    access_rules: tuple[StoredRule, ...] | None = None
    # Those that the identity provider has put the user into.
    federated_group_ids: tuple[str, ...] = ()

    @property
    def domain_ids(self) -> tuple[str, ...]:
        """The domains of the user and of the project."""
        if self.target_domain is None:
            return (self.user_domain.id,)
        return (self.user_domain.id, self.target_domain.id)


def standing_of(connection: Connection, facts: TokenFacts, now: float) -> Standing:
    """What stands behind it; raises ``Unauthorized`` when something no longer does."""
    user = _enabled_user(connection, facts.user_id, facts)
    user_domain = _enabled(connection, user.domain_id)
    trust = _trust(connection, facts, now)
    credential, rules = _application_credential(connection, facts, now)
    by_word: tuple[str, ...] = ()
    if facts.provider_id:
        found_groups = groups_by_word_of(connection, user.id, facts.provider_id, now)
        by_word = tuple(found_groups)
    if not facts.scope:
        return Standing(user, user_domain, federated_group_ids=by_word)
    target = target_domain = None
    if facts.scope != "system":
        target = _enabled(connection, facts.scope_id)
        if target.is_domain == (facts.scope == PROJECT):
            raise Unauthorized()
        if facts.scope == PROJECT:
            target_domain = _enabled(connection, target.domain_id)
    holder = facts.user_id if trust is None else trust.trustor_user_id
    found = reach.roles_on(connection, holder, facts.scope, target, now)
    if trust is not None:
        found = lent(connection, found, trust.role_ids, all_of=True)
    elif credential is not None:
        found = lent(connection, found, credential.role_ids)
    if not found:
        raise Unauthorized()
    return Standing(
        user=user,
        user_domain=user_domain,
        target=target,
        target_domain=target_domain,
        roles=tuple(found),
        trust=trust,
        application_credential=credential,
        access_rules=rules,
        federated_group_ids=by_word,
    )


def _enabled_user(
    connection: Connection, user_id: str, facts: TokenFacts | None = None
) -> User:
    """``facts``: of the token that is the user's own."""
    user = users.find(connection, user_id)
    if user is None or not user.enabled:
        raise Unauthorized()
    if facts is not None and facts.provider_id:
        check_way_in(connection, facts.provider_id, facts.protocol_id)
    if user.identity_provider_id:
        check_any_way_in(connection, user)
    return user


def _enabled(connection: Connection, project_id: str) -> Project:
    project = projects.find(connection, project_id)
    if project is None or not project.enabled:
        raise Unauthorized()
    return project


def _trust(connection: Connection, facts: TokenFacts, now: float) -> Trust | None:
    """The trust, if both who are in it may still be in it."""
    if not facts.trust_id:
        return None
    trust = trusts.find(connection, facts.trust_id)
    if trust is None or (trust.expires_at is not None and trust.expires_at <= now):
        raise Unauthorized()
    for user_id in (trust.trustor_user_id, trust.trustee_user_id):
        user = _enabled_user(connection, user_id)
        _enabled(connection, user.domain_id)
    return trust


def _application_credential(
    connection: Connection, facts: TokenFacts, now: float
) -> tuple[ApplicationCredential | None, tuple[StoredRule, ...] | None]:
    if not facts.application_credential_id:
        return None, None
    found = application_credentials.find(connection, facts.application_credential_id)
    if found is None or (found.expires_at is not None and found.expires_at <= now):
        raise Unauthorized()
    if found.rule_ids is None:
        return found, None
    rules = access_rules.by_keys(connection, found.rule_ids)
    return found, tuple(rules.values())


def lent(
    connection: Connection,
    held: list[Role],
    role_ids: Sequence[str],
    *,
    all_of: bool = False,
) -> list[Role]:
    """Of the roles that somebody holds those that he lent, with what they imply;
    ``all_of``: he must hold every one of them still."""
    if all_of and not set(role_ids) <= {role.id for role in held}:
        raise Unauthorized()
    wanted = rights.closure(role_ids, assignments.implications(connection))
    return [role for role in held if role.id in wanted]
