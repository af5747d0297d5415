"""What clients write of new things, checked.  Pure.

As in Barbican, a field that is null is one that is not there, and fields that nobody
knows mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compute.core.api.schema import Schema
from compute.core.errors import BadRequest
from compute.core.instants import parse_iso
from compute.secret.model import (
    CONTAINER_NAMES,
    OPAQUE,
    SECRET_TYPES,
    SECRETS,
    Member,
    Payload,
)
from compute.secret.payloads import payload_of
from compute.secret.references import parse_reference

NAME_CHARACTERS_MAX = 255
# The longest key in sight has 16384; this is what a small integer of SQL holds.
BIT_LENGTH_MAX = 32767
# A chain of certificates has a handful; generic containers are lists by hand.
MEMBERS_MAX = 100
METADATA_MAX = 100
METADATA_CHARACTERS_MAX = 255

_NAME = {"type": ["string", "null"], "maxLength": NAME_CHARACTERS_MAX}
_SECRET = Schema(
    {
        "type": "object",
        "properties": {
            "name": _NAME,
            "algorithm": _NAME,
            "mode": _NAME,
            "bit_length": {
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": BIT_LENGTH_MAX,
            },
            "expiration": {"type": ["string", "null"], "maxLength": 255},
            "payload": {"type": ["string", "null"]},
            "payload_content_type": _NAME,
            "payload_content_encoding": _NAME,
            "secret_type": {"enum": [*SECRET_TYPES, None]},
        },
    }
)
_REFERENCE = {
    "type": "object",
    "properties": {
        "name": _NAME,
        "secret_ref": {"type": "string", "minLength": 1},
    },
    "required": ["secret_ref"],
}
_CONTAINER = Schema(
    {
        "type": "object",
        "properties": {
            "name": _NAME,
            "type": {"enum": list(CONTAINER_NAMES)},
            "secret_refs": {
                "type": ["array", "null"],
                "items": _REFERENCE,
                "maxItems": MEMBERS_MAX,
            },
        },
        "required": ["type"],
    }
)
_MEMBER = Schema(_REFERENCE)
_METADATA = Schema(
    {
        "type": "object",
        "properties": {
            "metadata": {
                "type": "object",
                "maxProperties": METADATA_MAX,
                "propertyNames": {
                    "minLength": 1,
                    "maxLength": METADATA_CHARACTERS_MAX,
                    "pattern": "^[^/]+$",
                },
                "additionalProperties": {
                    "type": "string",
                    "maxLength": METADATA_CHARACTERS_MAX,
                },
            }
        },
        "required": ["metadata"],
    }
)
_METADATUM = Schema(
    {
        "type": "object",
        "properties": {
            "key": {
                "type": "string",
                "minLength": 1,
                "maxLength": METADATA_CHARACTERS_MAX,
                "pattern": "^[^/]+$",
            },
            "value": {"type": "string", "maxLength": METADATA_CHARACTERS_MAX},
        },
        "required": ["key", "value"],
    }
)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What is to be known of a secret."""

    name: str = ""
    secret_type: str = OPAQUE
    algorithm: str = ""
    bit_length: int | None = None
    mode: str = ""
    expires_at: float | None = None
    payload: Payload | None = None


@dataclass(frozen=True, slots=True)
class NewContainer:
    """What a container is to be."""

    name: str
    type: str
    members: Sequence[Member]


def secret_of(body: Any, now: float) -> NewSecret:
    """From the body of a request.  ``BadRequest``, 413."""
    _SECRET.check(body)
    payload = None
    text, kind = body.get("payload"), body.get("payload_content_type") or ""
    encoding = body.get("payload_content_encoding") or ""
    if text is not None:
        payload = payload_of(text, kind, encoding)
    elif kind or encoding:
        raise BadRequest("payload must be given when its content type is")
    return NewSecret(
        name=_text(body, "name"),
        secret_type=body.get("secret_type") or OPAQUE,
        algorithm=_text(body, "algorithm"),
        bit_length=body.get("bit_length"),
        mode=_text(body, "mode"),
        expires_at=moment_of(body.get("expiration"), now),
        payload=payload,
    )


def moment_of(text: str | None, now: float) -> float | None:
    """When a secret is to end; None: never.  ``BadRequest``."""
    if text is None or not text.strip():
        return None
    try:
        found = parse_iso(text.strip())
    except (ValueError, OverflowError):
        raise BadRequest("expiration is no moment of ISO 8601") from None
    if found <= now:
        raise BadRequest("expiration is in the past")
    return found


def container_of(body: Any) -> NewContainer:
    """From the body of a request.  ``BadRequest``."""
    _CONTAINER.check(body)
    members = tuple(_member(each) for each in body.get("secret_refs") or ())
    check_members(body["type"], members)
    return NewContainer(_text(body, "name"), body["type"], members)


def member_of(body: Any) -> Member:
    """A secret's name in a container, from the body of a request."""
    _MEMBER.check(body)
    return _member(body)


def check_members(kind: str, members: Sequence[Member]) -> None:
    """``BadRequest`` where a container of that type cannot have those."""
    if len(members) > MEMBERS_MAX:
        raise BadRequest(f"A container has at most {MEMBERS_MAX} secrets")
    if len({each.secret_id for each in members}) < len(members):
        raise BadRequest("A secret is in a container once")
    names = [each.name for each in members]
    given = [name for name in names if name]
    if len(set(given)) < len(given):
        raise BadRequest("A name is in a container once")
    known = CONTAINER_NAMES[kind]
    if known is None:
        return
    may, must = known
    if not set(names) <= may:
        raise BadRequest(f"A {kind} container has only {', '.join(sorted(may))}")
    if not must <= set(names):
        raise BadRequest(f"A {kind} container needs {', '.join(sorted(must))}")


def metadata_of(body: Any) -> dict[str, str]:
    """All of a secret's user metadata; keys are in lower case."""
    _METADATA.check(body)
    return {key.lower(): value for key, value in body["metadata"].items()}


def metadatum_of(body: Any) -> tuple[str, str]:
    """One key, and its value."""
    _METADATUM.check(body)
    return body["key"].lower(), body["value"]


def _member(given: Mapping[str, Any]) -> Member:
    _, secret_id = parse_reference(given["secret_ref"], SECRETS)
    return Member(_text(given, "name"), secret_id)


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name) or ""
    return found.strip() if name == "name" else found
