"""The totp method: a passcode of one of the user's credentials of type ``totp``.

A passcode is good once (RFC 6238, 5.2), so that nobody who sees it typed can use it
too.  A wrong one counts as a wrong password does; what differs cannot be told apart.
"""

from __future__ import annotations

import sqlalchemy as sa

from compute.core.database import Connection
from compute.core.errors import Unauthorized
from compute.identity import passcodes, tables
from compute.identity.auth import find
from compute.identity.auth.password import check_enabled, count_failure, refuse_locked
from compute.identity.auth.request import Reference
from compute.identity.credential_blobs import TOTP, open_blob
from compute.identity.model import Credential, User
from compute.identity.parts import IdentityParts
from compute.identity.store.subjects import credentials


def user_by_passcode(parts: IdentityParts, reference: Reference, passcode: str) -> User:
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
    refuse_locked(parts, user, now)
    for credential in held:
        step = passcodes.step_of(open_blob(parts, credential), passcode, now)
        if step is not None and _use(parts, credential, step):
            check_enabled(parts, user)
            return user
    count_failure(parts, user, now)
    raise Unauthorized()


def _use(parts: IdentityParts, credential: Credential, step: int) -> bool:
    """Whether nobody has used this passcode, or a later one, before."""
    rows = tables.credentials

    def write(connection: Connection) -> bool:
        unused = sa.or_(rows.c.used_step.is_(None), rows.c.used_step < step)
        changed = connection.execute(
            sa.update(rows)
            .where(rows.c.id == credential.id, unused)
            .values(used_step=step)
        )
        return changed.rowcount == 1

    return parts.run(write)
