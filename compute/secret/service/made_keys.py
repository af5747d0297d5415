"""Keys that the cloud's services make for their resources: those of encrypted volumes.

A key belongs to its resource's project, which sees it and may use it like its own.  The
resource is its consumer from the first moment, so its service may read it, and so it is
not deleted by mistake.  The service names the key: to make it again changes nothing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.errors import Conflict
from compute.core.sql.database import Connection
from compute.secret.definitions import NewSecret
from compute.secret.keys import symmetric_key
from compute.secret.model import BYTES, SECRETS, SYMMETRIC, Consumer, Payload
from compute.secret.parts import Parts
from compute.secret.service.consumers import is_of
from compute.secret.service.entrusted import read_entrusted
from compute.secret.service.quotas import check_quota
from compute.secret.service.secrets import new_secret
from compute.secret.uses import Use

ALGORITHM = "aes"


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """A key for ``use``; the same as that of another resource of the same service
    when there is a ``source_id`` (and ``source``, its use)."""

    id: str
    project_id: str
    user_id: str
    name: str
    bit_length: int
    mode: str
    use: Use
    source_id: str = ""
    source: Use | None = None


def make_key(parts: Parts, wanted: KeyWanted) -> None:
    """It is there.  ``QuotaExceeded``, ``NotFound`` (the source), ``Conflict`` (that id
    is another key's)."""
    payload = _payload(parts, wanted)
    owner = RequestContext(project_id=wanted.project_id, user_id=wanted.user_id)
    asked = NewSecret(
        name=wanted.name,
        secret_type=SYMMETRIC,
        algorithm=ALGORITHM,
        bit_length=8 * len(payload.content),
        mode=wanted.mode,
        expires_at=None,
        payload=payload,
    )
    made = dataclasses.replace(new_secret(parts, owner, asked), id=wanted.id)
    consumer = Consumer(
        id=parts.identifiers.uuid(),
        subject_id=wanted.id,
        project_id=wanted.project_id,
        service=wanted.use.service,
        resource_type=wanted.use.resource_type,
        resource_id=wanted.use.resource_id,
        created_at=parts.now(),
    )

    def write(connection: Connection) -> None:
        if parts.stores.secret(connection, wanted.id) is not None:
            if not _is_used(connection, parts, wanted.id, wanted.use):
                raise Conflict(f"Secret {wanted.id} is something else's")
            return
        check_quota(connection, parts, wanted.project_id, SECRETS)
        parts.stores.insert_secret(connection, made, payload)
        parts.stores.insert_consumer(connection, consumer)

    parts.run(write)


def drop_key(parts: Parts, key_id: str, use: Use) -> None:
    """It is no more, if it was that resource's."""

    def write(connection: Connection) -> None:
        if _is_used(connection, parts, key_id, use):
            parts.stores.delete_secrets(connection, [key_id])

    parts.run(write)


def _payload(parts: Parts, wanted: KeyWanted) -> Payload:
    if wanted.source is None:
        return Payload(BYTES, symmetric_key(wanted.bit_length))
    (found,) = read_entrusted(parts, SECRETS, wanted.source_id, wanted.source)
    return found.payload


def _is_used(connection: Connection, parts: Parts, key_id: str, use: Use) -> bool:
    consumers = parts.stores.consumers(connection, [key_id])[key_id]
    return any(is_of(use, each) for each in consumers)
