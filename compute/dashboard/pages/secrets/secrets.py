"""Secrets: the list, what is known of one, and what it keeps when one asks for it."""

from __future__ import annotations

import base64

from compute.dashboard.frame import formats
from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.headers import download_headers
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Said,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.objects.objects import disposition_of
from compute.dashboard.pages.secrets import store
from compute.dashboard.pages.secrets.access import access_facts
from compute.dashboard.pages.secrets.containers import container_table
from compute.dashboard.pages.secrets.store import Thing, id_of, label_of
from compute.dashboard.pages.words import new_action, plain
from objectstore.kernel.reply import Reply

MAKE = new_action("Keep a secret", "/secrets/new")
CERTIFICATE = Action(
    "Keep a certificate", "/secret-containers/certificate", is_form=True
)
HAVE_MADE = Action("Have a key made\u2026", "/secrets/made", is_form=True)
TRAIL = (Link("Secrets", "/secrets"),)
READ = "Show what it keeps? Whoever sees your screen sees it."


def show_all(visit: Visit) -> Page:
    """The project's, and what belongs together."""
    offset = _number(visit.query("offset"))
    found = visit.rooms.together(
        secrets=lambda: store.listed(visit, store.SECRETS, offset),
        containers=lambda: store.listed(visit, store.CONTAINERS),
    )
    secrets = found["secrets"]
    end = offset + len(secrets["secrets"])
    more = at("secrets", offset=str(end)) if end < secrets["total"] else ""
    empty = Empty(
        "No secrets yet. The key manager keeps passwords, keys and certificates,"
        " sealed; what they say is shown only to who asks for it.",
        MAKE,
    )
    rows = [_row(each) for each in secrets["secrets"]]
    columns = ["Name", "What it is", "Made", "Ends"]
    table = Table("secrets", columns, rows, empty, is_filterable=True, more=more)
    sections: list[Table] = [table]
    if not offset:
        sections.append(container_table(found.get("containers", {})))
    visit.problems += found.problems
    return Page("Secrets", "secrets", sections, [MAKE, CERTIFICATE], [HAVE_MADE])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _row(secret: Thing) -> Row:
    return Row(
        [
            Link(label_of(secret), at("secrets", id_of(secret))),
            Text(_kind_of(secret)),
            When(secret["created"]),
            When(secret["expiration"]) if secret["expiration"] else Text("never"),
        ],
        [_delete_action(secret)],
    )


def _kind_of(secret: Thing) -> str:
    """``symmetric, AES 256``."""
    of = [secret.get("algorithm"), secret.get("bit_length")]
    words = " ".join(str(each) for each in of if each)
    return f"{secret['secret_type']}, {words}" if words else str(secret["secret_type"])


def _delete_action(secret: Thing) -> Action:
    question = f"Delete {label_of(secret)}? What it keeps is gone for good."
    return Action(
        "Delete", at("secrets", id_of(secret), "delete"), question, look="danger"
    )


def show_one(visit: Visit) -> Page:
    """What is known of it, but not what it keeps."""
    rooms, secret_id = visit.rooms, visit["id"]
    found = rooms.together(
        secret=lambda: rooms.get(store.ROOM, store.SECRETS, secret_id),
        notes=lambda: rooms.get(store.ROOM, store.SECRETS, secret_id, "metadata"),
        access=lambda: rooms.get(store.ROOM, store.SECRETS, secret_id, "acl"),
    )
    secret = found["secret"]
    kept = (secret.get("content_types") or {}).get("default", "")
    users = [
        Text(f"{each['service']}: {each['resource_type']} {each['resource_id']}")
        for each in secret.get("consumers") or ()
    ]
    is_mine = secret["creator_id"] == visit.session.user_id
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(secret_id, "copy")),
        ("Reference", Text(secret["secret_ref"], "copy")),
        ("What it is", Text(_kind_of(secret))),
        ("Mode", plain(secret.get("mode"))),
        ("Keeps", Text(kept or "nothing yet")),
        ("Kept by", Text("you") if is_mine else Text(secret["creator_id"], "mono")),
        ("Made", When(secret["created"])),
        ("Ends", When(secret["expiration"]) if secret["expiration"] else Text("never")),
        ("Used by", Many(users, "nobody who told")),
    ]
    sections: list[Facts] = [Facts("facts", facts, "About")]
    access = found.get("access", {}).get("read")
    if access is not None:
        sections.append(access_facts(access))
    notes = found.get("notes", {}).get("metadata") or {}
    if notes:
        noted = [(name, Text(text)) for name, text in sorted(notes.items())]
        sections.append(Facts("notes", noted, "Noted of it"))
    visit.problems += found.problems
    path = ("secrets", secret_id)
    actions = [
        Action("Who reads it\u2026", at(*path, "access"), is_form=True),
        _delete_action(secret),
    ]
    if kept:
        actions.insert(0, Action("Show what it keeps", at(*path, "payload"), READ))
    return Page(label_of(secret), "secrets", sections, actions, trail=TRAIL)


def show_payload(visit: Visit, values: Values) -> Page:
    """What it keeps: on this page, which nobody stores, and nowhere else."""
    secret_id = visit["id"]
    secret = visit.rooms.get(store.ROOM, store.SECRETS, secret_id)
    found = store.read(visit, secret_id)
    text, note = found.text, ""
    if text is None:
        text = base64.b64encode(found.content).decode()
        note = f"{formats.size(len(found.content))} that are no text, as base64."
    said = Said("Close this page when you have what you need of it.", "warn")
    block = Block("payload", text, "What it keeps", note)
    path = at("secrets", secret_id)
    actions = [
        Action("Done", path, is_form=True, look="primary"),
        Action("Save as a file", f"{path}/download"),
    ]
    trail = [*TRAIL, Link(label_of(secret), path)]
    return Page(label_of(secret), "secrets", [said, block], actions, trail=trail)


def download(visit: Visit, values: Values) -> Reply:
    """The same, as it is, for a file."""
    secret = visit.rooms.get(store.ROOM, store.SECRETS, visit["id"])
    found = store.read(visit, visit["id"])
    headers = download_headers(disposition_of(label_of(secret)))
    return Reply(200, found.content, headers, "application/octet-stream")


def delete(visit: Visit, values: Values) -> Redirect:
    """Forget it.  Refused while something that uses it has told the key manager so."""
    visit.rooms.delete(store.ROOM, store.SECRETS, visit["id"])
    return Redirect("/secrets", Notice("The secret is deleted."))


ROUTES = [
    page("secrets", show_all),
    page("secrets/{id}", show_one),
    deed("secrets/{id}/payload", show_payload, READ),
    deed("secrets/{id}/download", download, "Save what it keeps as a file?"),
    deed("secrets/{id}/delete", delete, "Delete this secret?"),
]
