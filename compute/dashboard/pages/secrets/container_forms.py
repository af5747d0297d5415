"""A certificate kept with its key in one go; secrets put together that are there."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Group, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.secrets import certificates, store
from compute.dashboard.pages.secrets.forms import check_size, ends_field
from objectstore.kernel.errors import Rejected, Unavailable

# Of a certificate: by the names that they have in its container, what secrets are.
PARTS = {
    "certificate": "certificate",
    "private_key": "private",
    "intermediates": "certificate",
    "private_key_passphrase": "passphrase",
}
_LABELS = {
    "certificate": "Certificate",
    "public_key": "Public key",
    "private_key": "Private key",
    "intermediates": "Chain",
    "private_key_passphrase": "Passphrase of the key",
}
_TYPES = {
    "generic": "generic: any secrets",
    "certificate": "certificate: with its key and chain",
    "rsa": "rsa: a public and a private key",
}


def certificate_form(visit: Visit) -> Form:
    """As PEM."""
    return Form(
        "Keep a certificate",
        [
            Field("name", "Name", is_required=True, placeholder="www.example.org"),
            Field(
                "certificate", "Certificate", "textarea", is_mono=True,
                placeholder="-----BEGIN CERTIFICATE-----",
                help="PEM; its chain may follow it here.",
            ),
            Field(
                "private_key", "Private key", "secret",
                help="PEM too; without a passphrase, for load balancers.",
            ),
            Field(
                "intermediates", "Chain", "textarea", is_mono=True,
                help="The certificates between this one and the root.",
            ),
            Group(
                "Or as files",
                [
                    Field(f"{name}_file", _LABELS[name], "file")
                    for name in certificates.PARTS
                ],
                is_folded=True,
            ),
            ends_field(),
        ],
        "Keep it",
        "/secrets",
        "secrets",
        lead="Load balancers whose listeners end TLS ask for one.",
    )  # fmt: skip


def keep_certificate(visit: Visit, values: Values) -> Redirect:
    """Each part as a secret, and a container of them; of what is refused nothing is
    left."""
    parts = _parts(values)
    if problems := certificates.problems(parts, visit.now):
        raise BadForm(problems)
    made: dict[str, str] = {}
    try:
        for name, text in parts.items():
            label = f"{values['name']} {_LABELS[name].lower()}"[:255]
            made[name] = store.keep(visit, label, PARTS[name], text, values["ends"])
        container = _make(visit, values["name"], "certificate", made)
    except (Rejected, Unavailable):
        for reference in made.values():
            with suppress(Rejected, Unavailable):
                visit.rooms.delete(store.ROOM, store.SECRETS, store.id_of(reference))
        raise
    return _made(container)


def _parts(values: Values) -> dict[str, str]:
    """What is to be kept, written or from files.  ``BadForm``."""
    given: dict[str, str] = {}
    for name in certificates.PARTS:
        written, file = values[name].strip(), values[f"{name}_file"].strip()
        if written and file:
            raise BadForm({name: "Write it here, or choose a file: one of both."})
        given[name] = written or file
        check_size(name, given[name])
    given["certificate"], given["intermediates"] = certificates.parted(
        given["certificate"], given["intermediates"]
    )
    return {name: text for name, text in given.items() if text}


def _make(visit: Visit, name: str, kind: str, members: dict[str, str]) -> str:
    named = [{"name": key, "secret_ref": ref} for key, ref in members.items()]
    body = {"name": name, "type": kind, "secret_refs": named}
    made = visit.rooms.post(store.ROOM, store.CONTAINERS, body=body)
    return str(made["container_ref"])


def _made(reference: str) -> Redirect:
    path = at("secret-containers", store.id_of(reference))
    return Redirect(path, Notice("It is kept."))


def new_form(visit: Visit) -> Form:
    """Which secrets."""
    secrets = store.listed(visit, store.SECRETS)["secrets"]
    known = store.choices(secrets, "None")
    return Form(
        "Put secrets together",
        [
            Field("name", "Name"),
            Field(
                "type", "Type", "select",
                options=[Option(word, text) for word, text in _TYPES.items()],
                is_required=True,
            ),
            Field(
                "some", "Of a generic one: its secrets", "checks",
                options=store.choices(secrets),
            ),
            *(
                Field(name, f"{label}, of another type", "select", options=known)
                for name, label in _LABELS.items()
            ),
        ],
        "Make it",
        "/secrets",
        "secrets",
    )  # fmt: skip


def make(visit: Visit, values: Values) -> Redirect:
    """Put them together."""
    kind = values["type"]
    members = {name: values[name] for name in _LABELS if values[name]}
    if kind == "generic":
        if members:
            raise BadForm(dict.fromkeys(members, "Not of a generic one."))
        body: dict[str, Any] = {
            "name": values["name"],
            "type": kind,
            "secret_refs": [{"secret_ref": each} for each in values.chosen("some")],
        }
        made = visit.rooms.post(store.ROOM, store.CONTAINERS, body=body)
        return _made(str(made["container_ref"]))
    if values.chosen("some"):
        raise BadForm({"some": "Only of a generic one."})
    return _made(_make(visit, values["name"], kind, members))


ROUTES = [
    form("secret-containers/certificate", certificate_form, keep_certificate),
    form("secret-containers/new", new_form, make),
]
