"""The key manager, as pages ask it: what refers to what, and what a secret keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from compute.dashboard.frame.fields import Option
from compute.dashboard.frame.visit import Visit
from compute.dashboard.pages.words import ID_CHARACTERS
from compute.dashboard.rooms import path_of

ROOM = "key-manager"
SECRETS, CONTAINERS = "secrets", "containers"
# As many as the key manager gives at once.
LISTED_MAX = 100
TEXT = "text/plain"
TYPES: Mapping[str, str] = {
    "opaque": "something else",
    "passphrase": "a password",
    "symmetric": "a key",
    "private": "a private key",
    "public": "a public key",
    "certificate": "a certificate",
}
Thing = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Payload:
    """What a secret keeps; ``kind``: its media type."""

    content: bytes
    kind: str

    @property
    def text(self) -> str | None:
        """As text, where it is some."""
        try:
            found = self.content.decode("utf-8")
        except UnicodeDecodeError:
            return None
        is_text = all(each.isprintable() or each in "\r\n\t" for each in found)
        return found if is_text else None


def id_of(thing: Thing | str) -> str:
    """Of a secret or container, or of what refers to one.  Pure."""
    if not isinstance(thing, str):
        thing = str(thing.get("secret_ref") or thing["container_ref"])
    return thing.rstrip("/").rpartition("/")[2]


def label_of(thing: Thing) -> str:
    """Its name, or the begin of its id.  Pure."""
    return str(thing.get("name") or "").strip() or id_of(thing)[:ID_CHARACTERS]


def listed(visit: Visit, kind: str, offset: int = 0, **query: Any) -> Thing:
    """A page of the list, the newest first where the key manager can sort."""
    if kind == SECRETS:
        query["sort"] = "created:desc"
    found: Thing = visit.rooms.get(
        ROOM, kind, limit=LISTED_MAX, offset=offset or None, **query
    )
    return found


def choices(things: Iterable[Thing], blank: str | None = None) -> list[Option]:
    """By name; what is chosen is the reference."""
    found = [
        Option(each.get("secret_ref") or each["container_ref"], label_of(each),
               str(each.get("secret_type") or each.get("type") or ""))
        for each in things
    ]  # fmt: skip
    found.sort(key=lambda each: each.label.lower())
    return found if blank is None else [Option("", blank), *found]


def read(visit: Visit, secret_id: str) -> Payload:
    """What it keeps.  ``Refused`` 404 for one that keeps nothing yet."""
    path = path_of((SECRETS, secret_id, "payload"))
    with visit.rooms.stream(ROOM, "GET", path, {"Accept": "*/*"}) as answer:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        return Payload(answer.read(), kind)


def keep(visit: Visit, name: str, kind: str, text: str, ends: str = "") -> str:
    """Keep that text; the reference of the secret."""
    wanted: dict[str, Any] = {
        "name": name,
        "secret_type": kind,
        "payload": text,
        "payload_content_type": TEXT,
    }
    if ends:
        wanted["expiration"] = f"{ends}T23:59:59"
    return str(visit.rooms.post(ROOM, SECRETS, body=wanted)["secret_ref"])
