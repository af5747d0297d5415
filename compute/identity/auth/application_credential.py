"""The application credential method: an id (or a user's name for it) and a secret."""

from __future__ import annotations

from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.auth import find
from compute.identity.auth.password import check_enabled
from compute.identity.auth.request import SignIn
from compute.identity.model import ApplicationCredential, User
from compute.identity.parts import Parts
from compute.identity.store.subjects import application_credentials, users


def user_by_credential(
    parts: Parts, wanted: SignIn
) -> tuple[User, ApplicationCredential]:
    """Whose credential it is; ``Unauthorized``."""
    found = parts.read(lambda connection: _find(connection, wanted))
    right = parts.passwords.fits(
        wanted.secret, "" if found is None else found.secret_hash
    )
    if found is None or not right:
        raise Unauthorized()
    if found.expires_at is not None and found.expires_at <= parts.now():
        raise Unauthorized()
    user = parts.read(lambda connection: users.find(connection, found.user_id))
    if user is None:
        raise Unauthorized()
    check_enabled(parts, user)
    return user, found


def _find(connection: Connection, wanted: SignIn) -> ApplicationCredential | None:
    if wanted.credential.id:
        return application_credentials.find(connection, wanted.credential.id)
    user = find.user(connection, wanted.credential_user)
    if user is None:
        return None
    rows = tables.application_credentials.c
    return application_credentials.first(
        connection, rows.user_id == user.id, rows.name == wanted.credential.name
    )
