"""Credentials of other kinds than passwords: their blobs are encrypted at rest.

An EC2 credential's id is the SHA-256 of the access key that it was made with.  That of
the one it has now stands beside it, so that it is found by the key without opening
others, and no access key is there twice; nor does anybody get one that a credential
was made with, for services ask by digests as by ids.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.keys.repository import KeyRepository
from compute.core.sql.database import Connection, Database, Duplicate
from compute.identity import passcodes, tables
from compute.identity.credential_blobs import EC2, TOTP, open_blob
from compute.identity.model import Credential
from compute.identity.parts import Parts
from compute.identity.store.subjects import credentials, projects, users

# Each passcode is compared with those of all of a user's devices, by anybody who asks.
DEVICES_MAX = 16
_TAKEN = "There is, or was, another credential with that access key."


def access_digest(access: str) -> str:
    """By which the credential with that access key is found."""
    return hashlib.sha256(access.encode()).hexdigest()


def find_ec2(connection: Connection, access: str) -> Credential | None:
    """The credential with that access key."""
    return find_by_digest(connection, access_digest(access))


def find_by_digest(connection: Connection, digest: str) -> Credential | None:
    """The credential whose access key has that digest."""
    return credentials.first(connection, tables.credentials.c.access_digest == digest)


def ec2_blob(parts: Parts, credential: Credential) -> Mapping[str, Any]:
    """An EC2 credential's access key, secret and whatever else."""
    blob: Mapping[str, Any] = orjson.loads(open_blob(parts, credential))
    return blob


def create(
    parts: Parts,
    context: RequestContext,
    credential: Credential,
    blob: str,
) -> Credential:
    """Store it (its id may be empty: EC2 keys have theirs)."""
    identifier = credential.id or parts.identifiers.hexadecimal()
    digest = None
    if credential.type == EC2:
        identifier = digest = access_digest(_checked_ec2(blob)["access"])
    elif credential.type == TOTP:
        passcodes.check_secret(blob)
    sealed = parts.credential_keys.fernet.encrypt(blob.encode()).decode()
    made = dataclasses.replace(
        credential, id=identifier, sealed_blob=sealed, access_digest=digest
    )

    def write(connection: Connection) -> Credential:
        if users.find(connection, made.user_id) is None:
            raise BadRequest(f"user_id: there is no user {made.user_id}")
        if made.type == EC2 and not made.project_id:
            raise BadRequest("Credentials of type ec2 need a project_id")
        if made.project_id and projects.find(connection, made.project_id) is None:
            raise BadRequest(f"project_id: there is no project {made.project_id}")
        if made.type == TOTP:
            _check_devices(connection, made.user_id)
        credentials.insert(connection, made)
        parts.note(connection, context, "credential.create", made.id)
        return made

    try:
        return parts.run(write)
    except Duplicate:
        raise Conflict(_TAKEN) from None


def update(
    parts: Parts,
    context: RequestContext,
    credential: Credential,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Credential:
    """Change it; an EC2 credential keeps its user and project, and what it was lent by:
    whoever holds it must not make it somebody else's."""
    values: dict[str, Any] = {}
    for name in ("type", "user_id", "project_id"):
        if name in wanted and wanted[name] != getattr(credential, name):
            kept = {EC2, TOTP} & {credential.type, wanted.get("type")}
            if kept or name == "user_id":
                raise BadRequest(f"Change of {name} is not allowed")
            values[name] = wanted[name] or ""
    if "blob" in wanted:
        blob = blob_text(wanted["blob"])
        if credential.type == EC2:
            before, after = ec2_blob(parts, credential), _checked_ec2(blob)
            for name in ("trust_id", "app_cred_id", "access_token_id"):
                if before.get(name) != after.get(name):
                    raise BadRequest(f"Change of {name} in the blob is not allowed")
            values["access_digest"] = access_digest(after["access"])
        elif credential.type == TOTP:
            passcodes.check_secret(blob)
            values["used_step"] = None
        values["sealed_blob"] = parts.credential_keys.fernet.encrypt(
            blob.encode()
        ).decode()

    def write(connection: Connection) -> Credential:
        digest = values.get("access_digest", credential.id)
        if digest != credential.id and credentials.find(connection, digest):
            raise Conflict(_TAKEN)
        parts.note(connection, context, "credential.update", credential.id)
        return credentials.update(connection, credential.id, values, extra)

    try:
        changed = parts.run(write)
    except Duplicate:
        raise Conflict(_TAKEN) from None
    # Services that know the key by heart must ask again.
    parts.tokens.tell_revoked()
    return changed


def delete(parts: Parts, context: RequestContext, credential: Credential) -> None:
    """Take it away."""

    def write(connection: Connection) -> None:
        credentials.remove(connection, credential.id)
        parts.note(connection, context, "credential.delete", credential.id)

    parts.run(write)
    # Services that know the key by heart must ask again.
    parts.tokens.tell_revoked()


def blob_text(blob: Any) -> str:
    """A blob that came as text, or as JSON."""
    return blob if isinstance(blob, str) else orjson.dumps(blob).decode()


def reseal(database: Database, keys: KeyRepository) -> int:
    """Encrypt every blob anew with the primary key, so that old keys can go; how
    many there are."""

    def write(connection: Connection) -> int:
        found = credentials.where(connection)
        for credential in found:
            sealed = keys.fernet.rotate(credential.sealed_blob.encode())
            values = {"sealed_blob": sealed.decode()}
            credentials.update(connection, credential.id, values)
        return len(found)

    return database.run(write)


def _check_devices(connection: Connection, user_id: str) -> None:
    rows = tables.credentials.c
    held = credentials.where(connection, rows.user_id == user_id, rows.type == TOTP)
    if len(held) >= DEVICES_MAX:
        raise Forbidden(f"A user has at most {DEVICES_MAX} credentials of type totp")


def _checked_ec2(blob: str) -> dict[str, Any]:
    try:
        found = orjson.loads(blob)
    except orjson.JSONDecodeError:
        raise BadRequest("The blob of an ec2 credential must be JSON") from None
    if not isinstance(found, dict) or not all(
        isinstance(found.get(name), str) and found[name]
        for name in ("access", "secret")
    ):
        raise BadRequest("The blob of an ec2 credential must have access and secret")
    return found
