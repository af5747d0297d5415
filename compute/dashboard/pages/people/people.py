"""People of the cloud, for administrators."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.people.factors import changed_options, factor_field, said
from compute.dashboard.pages.people.projects import roles_to_give, state_of
from compute.dashboard.pages.words import (
    NONE,
    link_to,
    new_action,
    options,
    plain,
    switch,
)

MAKE = new_action("Add a person", "/people/new")
TRAIL = (Link("People", "/people"),)
PASSWORD_CHARACTERS_MAX = 4096


def show_all(visit: Visit) -> Page:
    """The list."""
    found = visit.rooms.together(
        users=lambda: visit.rooms.get("identity", "users"),
        domains=lambda: visit.rooms.get("identity", "domains"),
    )
    domains = {
        each["id"]: each["name"] for each in found.get("domains", {}).get("domains", ())
    }
    rows = []
    for each in sorted(found["users"]["users"], key=lambda one: one["name"].lower()):
        path = f"/people/{each['id']}"
        question = f"Delete {each['name']}? The person is locked out at once."
        rows.append(
            Row(
                [
                    link_to(each, path),
                    state_of(each),
                    Text(domains.get(each["domain_id"], each["domain_id"])),
                    Text(each.get("email") or each.get("description") or "", "faint"),
                ],
                [
                    Action("Edit\u2026", f"{path}/edit", is_form=True),
                    Action("Delete", f"{path}/delete", question, look="danger"),
                ],
            )
        )
    columns = ["Name", "State", "Domain", "About"]
    table = Table("people", columns, rows, Empty("Nobody.", MAKE), is_filterable=True)
    return Page("People", "people", [table], [MAKE])


def show_one(visit: Visit) -> Page:
    """One person, and the roles that he or she has."""
    user_id, rooms = visit["id"], visit.rooms
    query = {"user.id": user_id, "include_names": "true"}
    found = rooms.together(
        user=lambda: rooms.get("identity", "users", user_id),
        roles=lambda: rooms.get("identity", "role_assignments", **query),
    )
    user = found["user"]["user"]
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(user["id"], "copy")),
        ("Email", plain(user.get("email"))),
        ("Description", plain(user.get("description"))),
        ("Domain", Text(user["domain_id"], "mono")),
        ("Password ends", When(user.get("password_expires_at") or "")),
        ("Signs in with", Text(said(user))),
    ]
    rows = [
        Row([_scope_cell(each["scope"]), Text(each["role"]["name"])])
        for each in found["roles"]["role_assignments"]
    ]
    path = f"/people/{user_id}"
    question = f"Delete {user['name']}? The person is locked out at once."
    empty = Empty("No role anywhere: give one on the page of a project.")
    return Page(
        user["name"],
        "people",
        [
            Facts("facts", facts, "About"),
            Table("roles", ["Where", "Role"], rows, empty, "Roles"),
        ],
        [
            Action("Edit\u2026", f"{path}/edit", is_form=True),
            Action("Delete", f"{path}/delete", question, look="danger"),
        ],
        badges=[state_of(user)],
        trail=TRAIL,
    )


def _scope_cell(scope: Any) -> Cell:
    if "project" in scope:
        project = scope["project"]
        return Link(project["name"], f"/projects/{project['id']}")
    if "domain" in scope:
        return Text(f"domain {scope['domain']['name']}")
    return Text("the whole cloud") if "system" in scope else NONE


def new_form(visit: Visit) -> Form:
    """Name, password, and a first project."""
    found = visit.rooms.together(
        domains=lambda: visit.rooms.get("identity", "domains"),
        projects=lambda: visit.rooms.get("identity", "projects"),
        roles=lambda: visit.rooms.get("identity", "roles"),
    )
    roles = found["roles"]["roles"]
    usual = [each["id"] for each in roles if each["name"] == "member"]
    return Form(
        "Add a person",
        [
            Field("name", "Name", is_required=True),
            Field(
                "password",
                "Password",
                "password",
                is_required=True,
                longest=PASSWORD_CHARACTERS_MAX,
                autocomplete="new-password",
            ),
            Field("email", "Email"),
            Field(
                "domain",
                "Domain",
                "select",
                [visit.session.domain_id or visit.session.user_domain_id],
                options(found["domains"]["domains"]),
                is_required=True,
            ),
            Field(
                "project",
                "With a role in the project",
                "select",
                options=options(found["projects"]["projects"], blank="None yet"),
            ),
            Field("role", "Role there", "select", usual, roles_to_give(visit, roles)),
        ],
        "Add",
        "/people",
        "people",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Add the person, and give the role."""
    wanted = {
        "name": values["name"],
        "password": values["password"],
        "domain_id": values["domain"],
        **values.given(email="email", default_project_id="project"),
    }
    reply = visit.rooms.post("identity", "users", body={"user": wanted})
    user_id = reply["user"]["id"]
    if values["project"] and values["role"]:
        path = ("projects", values["project"], "users", user_id)
        visit.rooms.put("identity", *path, "roles", values["role"])
    return Redirect(f"/people/{user_id}", Notice("The person is added."))


def edit_form(visit: Visit) -> Form:
    """Name, password, and whether signing in is allowed."""
    user = visit.rooms.get("identity", "users", visit["id"])["user"]
    return Form(
        "Edit the person",
        [
            Field("name", "Name", values=[user["name"]], is_required=True),
            Field("email", "Email", values=[user.get("email") or ""]),
            Field(
                "password",
                "New password",
                "password",
                longest=PASSWORD_CHARACTERS_MAX,
                autocomplete="new-password",
                help="Left empty: it stays.",
            ),
            switch("enabled", "Enabled", is_on=user["enabled"]),
            *factor_field(user),
        ],
        "Save",
        f"/people/{visit['id']}",
        "people",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    user = visit.rooms.get("identity", "users", visit["id"])["user"]
    change = {
        "name": values["name"],
        "enabled": values.flag("enabled"),
        "email": values["email"],
        **values.given(password="password"),
    }
    if options := changed_options(visit, user, values):
        change["options"] = options
    visit.rooms.patch("identity", "users", visit["id"], body={"user": change})
    return Redirect(f"/people/{visit['id']}", Notice("Saved."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take the person away."""
    visit.rooms.delete("identity", "users", visit["id"])
    return Redirect("/people", Notice("The person is deleted."))


ROUTES = [
    page("people", show_all),
    page("people/{id}", show_one),
    form("people/new", new_form, make),
    form("people/{id}/edit", edit_form, edit),
    deed("people/{id}/delete", delete, "Delete this person?"),
]
