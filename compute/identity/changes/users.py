"""Creating, changing and deleting users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Forbidden, Unauthorized
from compute.core.sql.database import Connection
from compute.identity import factors, lockout, tables
from compute.identity.auth.password import user_by_password
from compute.identity.auth.request import Reference
from compute.identity.changes.names import check_domain, unless_taken
from compute.identity.changes.password_rules import check_new_password
from compute.identity.changes.revoking import run_revoking
from compute.identity.model import USER, User
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.subjects import projects, users
from compute.identity.tokens import revocation
from compute.identity.tokens.revocation import Subject
from compute.identity.user_options import merged_user_options


def create(
    parts: Parts,
    context: RequestContext,
    domain_id: str,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> User:
    """A new user; ``Conflict`` when the name is taken in the domain."""
    now = parts.now()
    password = wanted.get("password")
    password_hash = ""
    if password is not None:
        check_new_password(password, parts.settings)
        password_hash = parts.passwords.hash(password)
    user = User(
        id=parts.identifiers.hexadecimal(),
        name=wanted["name"].strip(),
        domain_id=domain_id,
        enabled=wanted.get("enabled", True),
        default_project_id=wanted.get("default_project_id") or "",
        description=wanted.get("description"),
        options=merged_user_options({}, wanted.get("options") or {}),
        extra=extra,
        created_at=now,
        password_hash=password_hash,
        password_at=now,
        password_expires_at=lockout.expiry_of(parts.settings, now)
        if password_hash
        else None,
        failures=0,
        failed_at=0.0,
    )

    def write(connection: Connection) -> User:
        _check_places(connection, user.domain_id, user.default_project_id)
        users.insert(connection, user)
        parts.note(connection, context, "user.create", user.id)
        return user

    with unless_taken("user", user.name):
        return parts.run(write)


def update(
    parts: Parts,
    context: RequestContext,
    user: User,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> User:
    """Change a user.  A new password, or disabling, ends the user's tokens."""
    if wanted.get("domain_id", user.domain_id) != user.domain_id:
        raise BadRequest("Change of domain_id is not allowed")
    values: dict[str, Any] = {
        name: wanted[name] for name in ("enabled", "description") if name in wanted
    }
    if "name" in wanted:
        values["name"] = wanted["name"].strip()
    if "default_project_id" in wanted:
        values["default_project_id"] = wanted["default_project_id"] or ""
    if "options" in wanted:
        values["options"] = merged_user_options(user.options, wanted["options"])
    ends_tokens = wanted.get("enabled") is False
    if wanted.get("password") is not None:
        check_new_password(wanted["password"], parts.settings)
        values |= _new_password(parts, wanted["password"])
        ends_tokens = True

    def write(connection: Connection) -> tuple[User, list[Subject]]:
        _check_places(connection, user.domain_id, values.get("default_project_id", ""))
        if "password_hash" in values:
            _remember_old(connection, user, parts)
        changed = users.update(connection, user.id, values, extra)
        parts.note(
            connection, context, "user.update", user.id, {"fields": sorted(values)}
        )
        subjects = [Subject(revocation.USER, user.id)] if ends_tokens else []
        return changed, subjects

    with unless_taken("user", values.get("name", user.name)):
        return run_revoking(parts, write)


def change_password(
    parts: Parts,
    context: RequestContext,
    user_id: str,
    original: str,
    password: str,
) -> None:
    """The user's own change: the old password proves who it is."""
    try:
        user = user_by_password(parts, Reference(id=user_id), original)
    except Unauthorized:
        user = _expired_user(parts, user_id, original)
    if user.options.get(lockout.LOCK_PASSWORD):
        raise Forbidden("The password of this user is locked.")
    check_new_password(password, parts.settings)
    _check_history(parts, user, password)
    values = _new_password(parts, password)
    if not factors.are_enough(user, ("password",)):
        # Or each change would forgive wrong passcodes.
        del values["failures"]

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        _remember_old(connection, user, parts)
        users.update(connection, user.id, values)
        parts.note(connection, context, "user.password", user.id)
        return None, [Subject(revocation.USER, user.id)]

    run_revoking(parts, write)


def delete(parts: Parts, context: RequestContext, user: User) -> None:
    """Take the user away, with all that is the user's and all the user's tokens."""

    def write(connection: Connection) -> tuple[None, list[Subject]]:
        forget_user(connection, user.id)
        parts.note(connection, context, "user.delete", user.id)
        return None, [Subject(revocation.USER, user.id)]

    run_revoking(parts, write)


def forget_user(connection: Connection, user_id: str) -> None:
    """Delete the user's row and every row that hangs on it."""
    users.remove(connection, user_id)
    assignments.remove_actor(connection, USER, user_id)
    for rows in (
        tables.memberships,
        tables.federated_memberships,
        tables.federated_users,
        tables.old_passwords,
        tables.credentials,
        tables.application_credentials,
        tables.access_rules,
    ):
        connection.execute(rows.delete().where(rows.c.user_id == user_id))
    trusts = tables.trusts
    connection.execute(
        trusts.delete().where(
            sa.or_(
                trusts.c.trustor_user_id == user_id, trusts.c.trustee_user_id == user_id
            )
        )
    )


def _expired_user(parts: Parts, user_id: str, original: str) -> User:
    """An expired password opens nothing but its own change."""
    user = parts.read(lambda connection: users.find(connection, user_id))
    now = parts.now()
    if (
        user is None
        or not user.enabled
        or lockout.is_locked(user, parts.settings, now)
        or not lockout.is_expired(user, now)
        or not parts.passwords.fits(original, user.password_hash)
    ):
        raise Unauthorized()
    return user


def _new_password(parts: Parts, password: str) -> dict[str, Any]:
    now = parts.now()
    return {
        "password_hash": parts.passwords.hash(password),
        "password_at": now,
        "password_expires_at": lockout.expiry_of(parts.settings, now),
        "failures": 0,
    }


def _check_history(parts: Parts, user: User, password: str) -> None:
    count = parts.settings.password_history
    if not count:
        return
    rows = tables.old_passwords.c
    statement = (
        sa.select(rows.password_hash)
        .where(rows.user_id == user.id)
        .order_by(rows.replaced_at.desc())
        .limit(count - 1)
    )
    old = parts.read(lambda connection: connection.execute(statement).scalars().all())
    for stored in (user.password_hash, *old):
        if parts.passwords.fits(password, stored):
            raise BadRequest(
                f"The new password must differ from the last {count} passwords."
            )


def _remember_old(connection: Connection, user: User, parts: Parts) -> None:
    if parts.settings.password_history and user.password_hash:
        connection.execute(
            tables.old_passwords.insert().values(
                user_id=user.id,
                password_hash=user.password_hash,
                replaced_at=parts.now(),
            )
        )


def _check_places(connection: Connection, domain_id: str, project_id: str) -> None:
    check_domain(connection, domain_id)
    if project_id:
        project = projects.find(connection, project_id)
        if project is not None and project.is_domain:
            raise BadRequest("default_project_id must not be a domain")
