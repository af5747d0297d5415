"""References: the URLs by which clients name things.  Pure.

Only the last two segments are looked at: the host is whatever clients call us by.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from compute.core.errors import BadRequest
from compute.core.identifiers import is_uuid
from compute.secret.model import CONTAINERS, SECRETS

REFERENCE_CHARACTERS_MAX = 2048


def reference(base_url: str, kind: str, thing_id: str) -> str:
    """The URL of a thing."""
    return f"{base_url}/v1/{kind}/{thing_id}"


def parse_reference(text: str, *kinds: str) -> tuple[str, str]:
    """Its kind, one of ``kinds``, and id.  ``BadRequest``."""
    segments: list[str] = []
    if len(text) <= REFERENCE_CHARACTERS_MAX:
        try:
            segments = urlsplit(text).path.rstrip("/").split("/")[-2:]
        except ValueError:
            segments = []
    if len(segments) != 2 or segments[0] not in kinds or not is_uuid(segments[1]):
        raise BadRequest(f"{text[:100]!r} is no reference of {' or '.join(kinds)}")
    return segments[0], segments[1]


def thing_id(text: str) -> str:
    """Of the secret or container that it leads to, by any host.  ``BadRequest``."""
    return parse_reference(text, SECRETS, CONTAINERS)[1]
