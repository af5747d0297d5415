"""Secrets that belong together, as a certificate and its key do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from compute.dashboard.frame.fields import Values
from compute.dashboard.frame.routes import deed, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Link,
    Many,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit, at
from compute.dashboard.pages.secrets import store
from compute.dashboard.pages.secrets.access import access_facts
from compute.dashboard.pages.secrets.certificates import Certificate, certificate_of
from compute.dashboard.pages.secrets.store import Payload, Thing, id_of, label_of

# Certificates that one page looks into: a call each.
LOOKED_AT_MAX = 10
TRAIL = (Link("Secrets", "/secrets"),)
MAKE = Action("Make one\u2026", "/secret-containers/new", is_form=True)


def container_table(found: Thing) -> Table:
    """The list."""
    containers = found.get("containers", ())
    rows = [
        Row(
            [
                Link(label_of(each), at("secret-containers", id_of(each))),
                Text(each["type"]),
                Text(str(len(each["secret_refs"]))),
                When(each["created"]),
            ],
            [_delete_action(each)],
        )
        for each in containers
    ]
    left = found.get("total", 0) - len(rows)
    note = f"And {left} more, which commands list." if left > 0 else ""
    empty = Empty(
        "Nothing that belongs together: a certificate and its key, say.", MAKE
    )
    columns = ["Name", "Type", "Secrets", "Made"]
    return Table(
        "containers", columns, rows, empty, "What belongs together", [MAKE],
        is_filterable=True, note=note,
    )  # fmt: skip


def _user(consumer: Thing) -> Cell:
    """Who told that it uses it."""
    kind, _, thing = str(consumer["URL"]).rpartition("/")
    if kind == "loadbalancer":
        return Link("a load balancer", at("balancers", thing))
    return Text(f"{consumer['name']}: {consumer['URL']}")


def _delete_action(container: Thing, users: int = 0) -> Action:
    question = f"Delete {label_of(container)}? Its secrets stay."
    if users:
        question += " It is in use: give whoever uses it another one first."
    path = at("secret-containers", id_of(container), "delete")
    return Action("Delete", path, question, look="danger")


def show_one(visit: Visit) -> Page:
    """Its secrets, and who uses it."""
    rooms, container_id = visit.rooms, visit["id"]
    found = rooms.together(
        container=lambda: rooms.get(store.ROOM, store.CONTAINERS, container_id),
        access=lambda: rooms.get(store.ROOM, store.CONTAINERS, container_id, "acl"),
    )
    container = found["container"]
    consumers = container["consumers"] or ()
    users = [_user(each) for each in consumers]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(container_id, "copy")),
        ("Reference", Text(container["container_ref"], "copy")),
        ("Type", Text(container["type"])),
        ("Made", When(container["created"])),
        ("Used by", Many(users, "nobody who told")),
    ]
    rows = [
        Row([
            Text(each.get("name") or "no name"),
            Link(id_of(each), at("secrets", id_of(each))),
        ])
        for each in container["secret_refs"]
    ]  # fmt: skip
    sections: list[Facts | Table] = [Facts("facts", facts, "About")]
    if told := certificates_of(visit, [container]).get(container["container_ref"]):
        sections.append(Facts("certificate", told.facts(visit.now), "Certificate"))
    access = found.get("access", {}).get("read")
    if access is not None:
        sections.append(access_facts(access))
    visit.problems += found.problems
    empty = Empty("It has no secrets.")
    title = "Its secrets"
    sections.append(Table("members", ["As", "Secret"], rows, empty, title))
    path = at("secret-containers", container_id, "access")
    return Page(
        label_of(container),
        "secrets",
        sections,
        [
            Action("Who reads it\u2026", path, is_form=True),
            _delete_action(container, len(consumers)),
        ],
        trail=TRAIL,
    )


def certificates_of(
    visit: Visit, containers: Sequence[Thing]
) -> dict[str, Certificate]:
    """What the first of these containers' certificates say, by their references.  One
    that cannot be had, or is none, is not told of: nothing else depends on it."""
    parts = {
        each["container_ref"]: id_of(part["secret_ref"])
        for each in containers[:LOOKED_AT_MAX]
        for part in each["secret_refs"]
        if each["type"] == "certificate" and part.get("name") == "certificate"
    }
    found = visit.rooms.together(
        **{
            reference: partial(store.read, visit, part)
            for reference, part in parts.items()
        }
    )
    told = {
        reference: certificate_of(payload.content)
        for reference in parts
        if isinstance(payload := found.get(reference, None), Payload)
    }
    return {reference: each for reference, each in told.items() if each}


def delete(visit: Visit, values: Values) -> Redirect:
    """It is no more; its secrets stay."""
    visit.rooms.delete(store.ROOM, store.CONTAINERS, visit["id"])
    return Redirect("/secrets", Notice("The container is deleted; its secrets stay."))


ROUTES = [
    page("secret-containers/{id}", show_one),
    deed("secret-containers/{id}/delete", delete, "Delete this? Its secrets stay."),
]
