"""The password method.

Whatever is wrong, the answer is the same 401 after the same work: no user, a wrong
password, a disabled user, a lock-out cannot be told apart from outside.
"""

from __future__ import annotations

import logging

import sqlalchemy as sa

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import lockout, tables
from compute.identity.auth import find
from compute.identity.auth.request import Reference
from compute.identity.model import User
from compute.identity.parts import Parts
from compute.identity.store.subjects import projects, users

_log = logging.getLogger("compute.identity")


def user_by_password(parts: Parts, reference: Reference, password: str) -> User:
    """The user whose password it is; ``Unauthorized``."""
    user = parts.read(lambda connection: find.user(connection, reference))
    right = parts.passwords.fits(password, "" if user is None else user.password_hash)
    if user is None:
        raise Unauthorized()
    now = parts.now()
    refuse_locked(parts, user, now)
    if not right:
        count_failure(parts, user, now)
        raise Unauthorized()
    check_enabled(parts, user)
    if lockout.is_expired(user, now):
        raise Unauthorized("The password is expired and needs to be changed.")
    return user


def check_enabled(parts: Parts, user: User) -> None:
    """``Unauthorized`` when the user, or his domain, is disabled."""
    domain = parts.read(lambda connection: projects.find(connection, user.domain_id))
    if not user.enabled or domain is None or not domain.enabled:
        raise Unauthorized()


def refuse_locked(parts: Parts, user: User, now: float) -> None:
    """``Unauthorized`` while the user is locked out: now, not when the user was read.
    Others who tried at the same time count too."""
    known = parts.read(lambda connection: users.find(connection, user.id))
    if known is None or lockout.is_locked(known, parts.settings, now):
        _log.warning("user %s is locked out after wrong passwords", user.id)
        raise Unauthorized()


def count_failure(parts: Parts, user: User, now: float) -> None:
    """Another wrong secret in a row."""
    parts.run(lambda connection: count_failure_in(connection, parts, user.id, now))
    _log.info("wrong password or passcode for user %s", user.id)


def count_failure_in(
    connection: Connection, parts: Parts, user_id: str, now: float
) -> None:
    """The same in the caller's transaction.  The row is counted on from what is there
    now: of many wrong ones at once each counts."""
    known = users.find(connection, user_id)
    if known is not None:
        failures = lockout.failures_after(known, parts.settings, now)
        _set_failures(connection, user_id, failures, now)


def forget_failures(parts: Parts, user: User) -> None:
    """The user has signed in.  Not before all of it was right: whoever knows a password
    must not get to try one passcode after another."""
    if user.failures:
        parts.run(
            lambda connection: _set_failures(connection, user.id, 0, user.failed_at)
        )


def _set_failures(
    connection: Connection, user_id: str, failures: int, failed_at: float
) -> None:
    connection.execute(
        sa.update(tables.users)
        .where(tables.users.c.id == user_id)
        .values(failures=failures, failed_at=failed_at)
    )
