"""Key pairs: to make one, to bring one's own, and which there are."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Block,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Said,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.words import new_action
from compute.dashboard.rooms import KEY_MAKING_VERSION

MAKE = new_action("Make a key pair", "/keys/new")
IMPORT = Action("Import a key", "/keys/import", is_form=True)
TRAIL = (Link("Key pairs", "/keys"),)
LOST = "Delete the key {name}? Servers that have it already keep it."
_TYPES = [Option("ssh", "SSH"), Option("x509", "X.509")]


def show_all(visit: Visit) -> Page:
    """The person's own."""
    found = visit.rooms.get("compute", "os-keypairs")["keypairs"]
    rows = [_row(each["keypair"]) for each in found]
    empty = Empty(
        "No keys yet. With a key pair you log in to your servers: the cloud keeps the"
        " public half, you the other.",
        MAKE,
    )
    table = Table(
        "keys", ["Name", "Type", "Fingerprint"], rows, empty, is_filterable=True
    )
    return Page("Key pairs", "keys", [table], [MAKE, IMPORT])


def _row(key: Any) -> Row:
    name = key["name"]
    delete = at("keys", "delete", name=name)
    return Row(
        [
            Link(name, at("keys", "one", name=name)),
            Text(key.get("type", "ssh")),
            Text(key["fingerprint"], "mono"),
        ],
        [Action("Delete", delete, LOST.format(name=name), look="danger")],
    )


def show_one(visit: Visit) -> Page:
    """Its public half."""
    name = visit.query("name")
    key = visit.rooms.get("compute", "os-keypairs", name)["keypair"]
    facts: list[tuple[str, Cell]] = [
        ("Fingerprint", Text(key["fingerprint"], "copy")),
        ("Type", Text(key.get("type", "ssh"))),
        ("Made", When(key.get("created_at") or "")),
    ]
    delete = at("keys", "delete", name=name)
    return Page(
        key["name"],
        "keys",
        [
            Facts("facts", facts, "About"),
            Block("public", key["public_key"], "Public half"),
        ],
        [Action("Delete", delete, LOST.format(name=name), look="danger")],
        trail=TRAIL,
    )


def new_form(visit: Visit) -> Form:
    """Its name."""
    return Form(
        "Make a key pair",
        [
            Field("name", "Name", is_required=True),
            Field("type", "Type", "select", options=_TYPES, is_required=True),
        ],
        "Make it",
        "/keys",
        "keys",
        lead="The secret half is shown once, on the next page: save it there.",
    )


def make(visit: Visit, values: Values) -> Page:
    """Make it; its secret half is on this page and nowhere else."""
    wanted = {"name": values["name"], "type": values["type"]}
    headers = {"X-OpenStack-Nova-API-Version": KEY_MAKING_VERSION}
    reply = visit.rooms.call(
        "compute", "POST", "/os-keypairs", {"keypair": wanted}, headers
    )
    key = reply["keypair"]
    said = Said(
        "This is the only time that the secret half is shown. Save it in a file that"
        " only you may read (chmod 600).",
        "warn",
    )
    secret = Block(
        "secret", key["private_key"], "Secret half", download=f"{key['name']}.pem"
    )
    done = Action("Done", "/keys", is_form=True, look="primary")
    return Page(key["name"], "keys", [said, secret], [done], trail=TRAIL)


def import_form(visit: Visit) -> Form:
    """Its name and its public half."""
    return Form(
        "Import a key",
        [
            Field("name", "Name", is_required=True),
            Field("type", "Type", "select", options=_TYPES, is_required=True),
            Field(
                "public",
                "Public half",
                "textarea",
                is_mono=True,
                placeholder="ssh-ed25519 AAAA\u2026",
                help="What is in the file that ends with .pub.",
            ),
            Field("public_file", "Or from a file", "file"),
        ],
        "Import",
        "/keys",
        "keys",
    )


def bring(visit: Visit, values: Values) -> Redirect:
    """Keep the public half."""
    public = (values["public_file"] or values["public"]).strip()
    wanted = {"name": values["name"], "type": values["type"], "public_key": public}
    visit.rooms.post("compute", "os-keypairs", body={"keypair": wanted})
    return Redirect("/keys", Notice("The key is imported."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Forget it."""
    visit.rooms.delete("compute", "os-keypairs", visit.query("name"))
    return Redirect("/keys", Notice("The key is deleted."))


ROUTES = [
    page("keys", show_all),
    page("keys/one", show_one),
    form("keys/new", new_form, make),
    form("keys/import", import_form, bring),
    deed("keys/delete", delete, "Delete this key?"),
]
