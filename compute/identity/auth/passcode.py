"""The totp method: a passcode of one of the user's credentials of type ``totp``.

A passcode is good once (RFC 6238, 5.2), so that nobody who sees it typed can use it
too.  A wrong one counts as a wrong password does.  Whatever is wrong, the answer is the
same 401; only who measures how long a failure takes to count sees that there is a user.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import lockout, passcodes, tables
from compute.identity.auth import find
from compute.identity.auth.password import check_enabled, count_failure_in
from compute.identity.auth.request import Reference
from compute.identity.credential_blobs import TOTP, open_blob
from compute.identity.model import Credential, User
from compute.identity.parts import Parts
from compute.identity.store.subjects import credentials, users


def user_by_passcode(parts: Parts, reference: Reference, passcode: str) -> User:
    """The user whose passcode it is; ``Unauthorized``."""

    def load(connection: Connection) -> tuple[User | None, list[Credential]]:
        user = find.user(connection, reference)
        rows = tables.credentials.c
        held = credentials.where(
            connection, rows.user_id == (user.id if user else ""), rows.type == TOTP
        )
        return user, held

    user, held = parts.read(load)
    if user is None:
        raise Unauthorized()
    now = parts.now()
    steps = {
        credential.id: step
        for credential in held
        if (step := passcodes.step_of(open_blob(parts, credential), passcode, now))
        is not None
    }
    if not _settle(parts, user, steps, now):
        raise Unauthorized()
    check_enabled(parts, user)
    return user


def _settle(parts: Parts, user: User, steps: Mapping[str, int], now: float) -> bool:
    """Whether the passcode, of that half minute of these credentials, lets the user in.

    All in one transaction: there are so few passcodes that tries made at once must not
    get ahead of their count."""

    def write(connection: Connection) -> bool:
        known = users.find(connection, user.id)
        if known is None or lockout.is_locked(known, parts.settings, now):
            return False
        # One secret may be there twice; its passcode is good once all the same.
        used = [_use(connection, key, step) for key, step in steps.items()]
        if used and all(used):
            return True
        count_failure_in(connection, parts, user.id, now)
        return False

    return parts.run(write)


def _use(connection: Connection, key: str, step: int) -> bool:
    """Whether nobody has used this passcode, or a later one, before."""
    rows = tables.credentials
    unused = sa.or_(rows.c.used_step.is_(None), rows.c.used_step < step)
    changed = connection.execute(
        sa.update(rows).where(rows.c.id == key, unused).values(used_step=step)
    )
    return changed.rowcount == 1
