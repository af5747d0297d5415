"""Signing in by an identity provider: the way there and back.

State, nonce and PKCE verifier are in a sealed cookie of the browser that set out, so
only it can come back, and from where it was sent: each provider has its own way back.
Identity has the client's secret, changes the code, checks what the provider signed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from compute.dashboard.frame.sealing import Sealer
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.signing import session_from, settled
from compute.dashboard.rooms import Rooms, path_of

PURPOSE = "way"
# Time to look for a second device, and to wait for its message.
WAY_SECONDS = 900
SECRET_BYTES = 32
_AT = "RS-FEDERATION"


@dataclass(frozen=True, slots=True)
class Choice:
    """A provider that the sign-in page offers."""

    provider_id: str
    protocol_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Way:
    """What the browser keeps until it is back."""

    provider_id: str
    protocol_id: str
    redirect_uri: str
    next_path: str
    ends_at: float
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def new_way(
    provider_id: str, protocol_id: str, redirect_uri: str, next_path: str, now: float
) -> Way:
    """With secrets of its own."""
    state, nonce, verifier = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(3))
    ends_at = now + WAY_SECONDS
    return Way(
        provider_id=provider_id,
        protocol_id=protocol_id,
        redirect_uri=redirect_uri,
        next_path=next_path,
        ends_at=ends_at,
        state=state,
        nonce=nonce,
        verifier=verifier,
    )


def write_way(sealer: Sealer, way: Way) -> str:
    """What the cookie holds."""
    return sealer.seal(PURPOSE, asdict(way))


def read_way(sealer: Sealer, text: str, now: float) -> Way | None:
    """The way, while it may still be come back by."""
    document = sealer.open(PURPOSE, text)
    if document is None or document.keys() != _FIELDS or document["ends_at"] <= now:
        return None
    return Way(**document)


_FIELDS = {each.name for each in fields(Way)}


def is_back(way: Way, provider_id: str, protocol_id: str, state: str) -> bool:
    """Whether it is the same browser, from the provider that it was sent to."""
    same = (way.provider_id, way.protocol_id) == (provider_id, protocol_id)
    return same and hmac.compare_digest(way.state.encode(), state.encode())


def choices(rooms: Rooms) -> list[Choice]:
    """What identity offers.  ``Rejected``, ``Unavailable``."""
    found = rooms.get("identity", _AT, "choices")["choices"]
    return [
        Choice(each["identity_provider"], each["protocol"], each["label"])
        for each in found
    ]


def address_of(rooms: Rooms, way: Way) -> str:
    """Where the provider asks who one is.  ``Rejected``, ``Unavailable``."""
    raw = hashlib.sha256(way.verifier.encode()).digest()
    wanted = {
        "redirect_uri": way.redirect_uri,
        "state": way.state,
        "nonce": way.nonce,
        "challenge": urlsafe_b64encode(raw).decode().rstrip("="),
    }
    told: Mapping[str, Any] = rooms.post(
        "identity", *_place(way), "begin", body={"begin": wanted}
    )
    return str(told["url"])


def sign_in_by_code(rooms: Rooms, way: Way, code: str) -> Session:
    """A session for who has come back, in his own project or the first that there is.
    ``Rejected`` 401."""
    wanted = {
        "redirect_uri": way.redirect_uri,
        "code": code,
        "verifier": way.verifier,
        "nonce": way.nonce,
    }
    path = path_of((*_place(way), "complete"))
    headers = {"Content-Type": "application/json"}
    body = orjson.dumps({"complete": wanted})
    with rooms.stream("identity", "POST", path, headers, body) as answer:
        return settled(rooms, session_from(answer))


def _place(way: Way) -> tuple[str, str, str]:
    return _AT, way.provider_id, way.protocol_id
