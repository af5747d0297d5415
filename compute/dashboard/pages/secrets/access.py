"""Who reads a secret or a container: all of its project or its maker only, and those
whom its access list names."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Option, Values
from compute.dashboard.frame.routes import form
from compute.dashboard.frame.view import Cell, Facts, Many, Text
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.secrets import store
from compute.dashboard.pages.words import lines

USERS_MAX = 200
_EVERYBODY, _NAMED = "project", "named"
_WHO = {
    _EVERYBODY: "Everybody of the project who may write",
    _NAMED: "Only who keeps it here, and its administrators",
}


def access_facts(read: store.Thing) -> Facts:
    """As it is."""
    who = _WHO[_EVERYBODY if read["project-access"] else _NAMED]
    users = [Text(each, "mono") for each in read.get("users") or ()]
    facts: list[tuple[str, Cell]] = [
        ("Of the project", Text(who)),
        ("And these people", Many(users, "nobody else")),
    ]
    return Facts("access", facts, "Who reads it")


class _Access:
    """The form, below what ``kind`` says and ``place`` shows."""

    def __init__(self, kind: str, place: str) -> None:
        self._kind, self._place = kind, place

    def ask(self, visit: Visit) -> Form:
        """As it is."""
        read = visit.rooms.get(store.ROOM, self._kind, visit["id"], "acl")["read"]
        who = _EVERYBODY if read["project-access"] else _NAMED
        return Form(
            "Who reads it",
            [
                Field(
                    "project", "Of the project", "select", [who],
                    [Option(word, text) for word, text in _WHO.items()],
                    is_required=True,
                ),
                Field(
                    "users", "And these people, of any project", "textarea",
                    ["\n".join(read.get("users") or ())], is_mono=True,
                    help="IDs of users, one a line: each finds it on the page of his or"
                    " her account.",
                ),
            ],
            "Save",
            at(self._place, visit["id"]),
            "secrets",
        )  # fmt: skip

    def change(self, visit: Visit, values: Values) -> Redirect:
        """All of it anew."""
        users = sorted(set(lines(values["users"])))
        if len(users) > USERS_MAX:
            raise BadForm({"users": f"At most {USERS_MAX}."})
        read: dict[str, Any] = {
            "project-access": values["project"] == _EVERYBODY,
            "users": users,
        }
        path = (self._kind, visit["id"], "acl")
        visit.rooms.put(store.ROOM, *path, body={"read": read})
        return Redirect(at(self._place, visit["id"]), Notice("Saved."))


_secret = _Access(store.SECRETS, "secrets")
_container = _Access(store.CONTAINERS, "secret-containers")
ROUTES = [
    form("secrets/{id}/access", _secret.ask, _secret.change),
    form("secret-containers/{id}/access", _container.ask, _container.change),
]
