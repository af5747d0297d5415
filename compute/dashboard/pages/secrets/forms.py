"""Secrets kept, and keys that the key manager makes itself."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.secrets import store

PAYLOAD_BYTES_MAX = 64 * 1024
# What is usual of what the key manager makes.
_MADE = {
    "aes-256": "AES, 256 bits",
    "aes-128": "AES, 128 bits",
    "hmacsha256-256": "HMAC with SHA-256, 256 bits",
    "rsa-2048": "a pair of RSA, 2048 bits",
    "rsa-4096": "a pair of RSA, 4096 bits",
}


def ends_field() -> Field:
    """When it is to be gone."""
    return Field(
        "ends", "Ends with the day", "date",
        help="Left empty: never. What has ended is deleted.",
    )  # fmt: skip


def new_form(visit: Visit) -> Form:
    """What is to be kept."""
    kinds = [Option(word, text) for word, text in store.TYPES.items()]
    return Form(
        "Keep a secret",
        [
            Field("name", "Name"),
            Field("kind", "What it is", "select", options=kinds, is_required=True),
            Field(
                "payload", "What it keeps", "secret",
                help="Text: a password, or a key or certificate as PEM.",
            ),
            Field("file", "Or from a file of text", "file"),
            ends_field(),
        ],
        "Keep it",
        "/secrets",
        "secrets",
        lead="It is sealed before it is stored, and no list shows it.",
    )  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Keep it."""
    text = values["file"] or values["payload"]
    if bool(values["file"]) == bool(values["payload"]):
        raise BadForm({"payload": "Write it here, or choose a file: one of both."})
    check_size("payload", text)
    made = store.keep(visit, values["name"], values["kind"], text, values["ends"])
    return Redirect(at("secrets", store.id_of(made)), Notice("The secret is kept."))


def check_size(name: str, text: str) -> None:
    """``BadForm`` for what the key manager would not take."""
    if len(text.encode("utf-8", "replace")) > PAYLOAD_BYTES_MAX:
        raise BadForm({name: "A secret keeps at most 64 KiB."})


def made_form(visit: Visit) -> Form:
    """Which key."""
    return Form(
        "Have a key made",
        [
            Field("name", "Name"),
            Field(
                "what", "Which", "select",
                options=[Option(word, text) for word, text in _MADE.items()],
                is_required=True,
            ),
            ends_field(),
        ],
        "Make it",
        "/secrets",
        "secrets",
        lead="The key manager makes it, and nobody has seen it.",
    )  # fmt: skip


def have_made(visit: Visit, values: Values) -> Redirect:
    """Make it: one key, or a pair in a container."""
    body = order_of(values["name"], values["what"], values["ends"])
    rooms = visit.rooms
    order = rooms.post(store.ROOM, "orders", body=body)["order_ref"]
    found = rooms.get(store.ROOM, "orders", store.id_of(order))
    if container := found.get("container_ref"):
        path = at("secret-containers", store.id_of(container))
        return Redirect(path, Notice("The pair of keys is made."))
    path = at("secrets", store.id_of(found["secret_ref"]))
    return Redirect(path, Notice("The key is made."))


def order_of(name: str, what: str, ends: str) -> dict[str, Any]:
    """What is sent for ``aes-256``.  Pure."""
    algorithm, _, bits = what.partition("-")
    meta: dict[str, Any] = {"algorithm": algorithm, "bit_length": int(bits)}
    if name:
        meta["name"] = name
    if ends:
        meta["expiration"] = f"{ends}T23:59:59"
    kind = "asymmetric" if algorithm == "rsa" else "key"
    return {"type": kind, "meta": meta}


ROUTES = [
    form("secrets/new", new_form, make),
    form("secrets/made", made_form, have_made),
]
