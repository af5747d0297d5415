"""Payloads on their way in and out: types, encodings, sizes.  Pure."""

from __future__ import annotations

import base64
import binascii

from compute.core.errors import BadRequest, NotAcceptable
from compute.secret.model import BYTES, CONTENT_TYPES, TEXT, Payload
from objectstore.kernel.errors import Rejected

# A certificate with a long chain has some 20 KiB; disks' headers, tokens and keys
# less.  Files belong into the object store.
PAYLOAD_BYTES_MAX = 64 * 1024
# Base64 makes four characters of three bytes; lines may be broken.
ENCODED_BYTES_MAX = 2 * PAYLOAD_BYTES_MAX
BASE64 = "base64"
JSON = "application/json"
_ANY = "*/*"
_UTF_8 = frozenset({"", "charset=utf-8", 'charset="utf-8"'})


def payload_of(text: str, content_type: str, encoding: str) -> Payload:
    """From the document of a new secret.  ``BadRequest``, 413."""
    kind = normal_type(content_type)
    if not kind:
        raise BadRequest(
            f"payload_content_type is one of {', '.join(CONTENT_TYPES)},"
            f" not {content_type[:100]!r}"
        )
    if not text:
        raise BadRequest("If payload is given, it must not be empty")
    if kind == TEXT and encoding:
        raise BadRequest(f"payload_content_encoding is not for {TEXT}")
    if kind == BYTES and encoding != BASE64:
        raise BadRequest(f"payload_content_encoding must be {BASE64} for {BYTES}")
    return _checked(kind, _bytes_of(text.encode(), encoding))


def payload_of_body(body: bytes, content_type: str, encoding: str) -> Payload:
    """From a body of its own.  ``BadRequest``, 413, 415."""
    kind = normal_type(content_type or TEXT)
    if not kind:
        raise Rejected(415, f"The Content-Type is one of {', '.join(CONTENT_TYPES)}")
    if encoding and (encoding != BASE64 or kind == TEXT):
        raise BadRequest(f"The only Content-Encoding is {BASE64}, of {BYTES}")
    if not body:
        raise BadRequest("No payload was sent")
    content = _bytes_of(body, encoding)
    if kind == TEXT and not _is_text(content):
        raise BadRequest(f"A payload of {TEXT} is UTF-8")
    return _checked(kind, content)


def normal_type(content_type: str) -> str:
    """Its plain name; "" when payloads are not of it."""
    kind, _, rest = content_type.lower().partition(";")
    found = kind.strip()
    if found not in CONTENT_TYPES or rest.strip() not in _UTF_8:
        return ""
    return found


def wants_payload(accept: str) -> bool:
    """Whether whoever asks for a secret means what it keeps, as older clients do."""
    wanted = _accepted(accept)
    return bool(wanted) and wanted.issubset(CONTENT_TYPES)


def shown_type(accept: str, payload: Payload) -> str:
    """As what it is sent: its own type, or the other one, where only that is accepted
    and it can be so read, as the command line asks for text that it stored as bytes.
    ``NotAcceptable``."""
    own = payload.content_type
    if _accepts(accept, own):
        return own
    if _accepts(accept, BYTES):
        return BYTES
    if _accepts(accept, TEXT) and _is_text(payload.content):
        return TEXT
    raise NotAcceptable(f"The secret's payload is {own}")


def check_accepts_json(accept: str) -> None:
    """``NotAcceptable`` for who wants no JSON."""
    if not _accepts(accept, JSON):
        raise NotAcceptable(f"The reply is {JSON}")


def _accepts(accept: str, content_type: str) -> bool:
    wanted = _accepted(accept)
    general = f"{content_type.partition('/')[0]}/*"
    return not wanted or not wanted.isdisjoint({content_type, general, _ANY})


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _accepted(accept: str) -> set[str]:
    types = (each.partition(";")[0].strip().lower() for each in accept.split(","))
    return {each for each in types if each}


def _bytes_of(raw: bytes, encoding: str) -> bytes:
    if encoding != BASE64:
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        raise BadRequest(f"The payload is not {BASE64}") from None


def _checked(kind: str, content: bytes) -> Payload:
    if not content:
        raise BadRequest("The payload is empty")
    if len(content) > PAYLOAD_BYTES_MAX:
        raise Rejected(
            413, f"A payload has at most {PAYLOAD_BYTES_MAX} bytes, not {len(content)}"
        )
    return Payload(kind, content)
