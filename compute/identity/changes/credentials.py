"""Credentials of other kinds than passwords: their blobs are encrypted at rest.

An EC2 credential's id is the SHA-256 of its access key, so that it is found by the
key without opening others, and no access key is there twice.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.fernet import InvalidToken

from compute.core.context import RequestContext
from compute.core.database import Connection, Database, Duplicate
from compute.core.errors import BadRequest, Conflict
from compute.core.key_repository import KeyRepository
from compute.identity.model import Credential
from compute.identity.parts import IdentityParts
from compute.identity.store.subjects import credentials, projects, users
from objectstore.kernel.errors import Corrupt

EC2 = "ec2"


def ec2_id(access: str) -> str:
    """The id of the credential with that access key."""
    return hashlib.sha256(access.encode()).hexdigest()


def open_blob(parts: IdentityParts, credential: Credential) -> str:
    """The blob as it was given."""
    try:
        raw = parts.credential_keys.fernet.decrypt(credential.sealed_blob.encode())
    except InvalidToken:
        raise Corrupt(
            f"credential {credential.id}: none of our keys opens it"
        ) from None
    return raw.decode()


def ec2_blob(parts: IdentityParts, credential: Credential) -> Mapping[str, Any]:
    """An EC2 credential's access key, secret and whatever else."""
    blob: Mapping[str, Any] = orjson.loads(open_blob(parts, credential))
    return blob


def create(
    parts: IdentityParts,
    context: RequestContext,
    credential: Credential,
    blob: str,
) -> Credential:
    """Store it (its id may be empty: EC2 keys have theirs)."""
    identifier = credential.id or parts.identifiers.hexadecimal()
    if credential.type == EC2:
        identifier = ec2_id(_checked_ec2(blob)["access"])
    sealed = parts.credential_keys.fernet.encrypt(blob.encode()).decode()
    made = dataclasses.replace(credential, id=identifier, sealed_blob=sealed)

    def write(connection: Connection) -> Credential:
        if users.find(connection, made.user_id) is None:
            raise BadRequest(f"user_id: there is no user {made.user_id}")
        if made.type == EC2 and not made.project_id:
            raise BadRequest("Credentials of type ec2 need a project_id")
        if made.project_id and projects.find(connection, made.project_id) is None:
            raise BadRequest(f"project_id: there is no project {made.project_id}")
        credentials.insert(connection, made)
        parts.note(connection, context, "credential.create", made.id)
        return made

    try:
        return parts.run(write)
    except Duplicate:
        raise Conflict("There is a credential with that access key already.") from None


def update(
    parts: IdentityParts,
    context: RequestContext,
    credential: Credential,
    wanted: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> Credential:
    """Change it; an EC2 credential keeps its access key, user and project: whoever
    holds it must not make it somebody else's."""
    values: dict[str, Any] = {}
    for name in ("type", "user_id", "project_id"):
        if name in wanted and wanted[name] != getattr(credential, name):
            if credential.type == EC2 or wanted[name] == EC2 or name == "user_id":
                raise BadRequest(f"Change of {name} is not allowed")
            values[name] = wanted[name] or ""
    if "blob" in wanted:
        blob = blob_text(wanted["blob"])
        if credential.type == EC2:
            before, after = ec2_blob(parts, credential), _checked_ec2(blob)
            for name in ("access", "trust_id", "app_cred_id", "access_token_id"):
                if before.get(name) != after.get(name):
                    raise BadRequest(f"Change of {name} in the blob is not allowed")
        values["sealed_blob"] = parts.credential_keys.fernet.encrypt(
            blob.encode()
        ).decode()

    def write(connection: Connection) -> Credential:
        parts.note(connection, context, "credential.update", credential.id)
        return credentials.update(connection, credential.id, values, extra)

    return parts.run(write)


def delete(
    parts: IdentityParts, context: RequestContext, credential: Credential
) -> None:
    """Take it away."""

    def write(connection: Connection) -> None:
        credentials.delete(connection, credential.id)
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
