"""Projects of the cloud, for administrators: who is in them, and what they may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form, page
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Cell,
    Empty,
    Facts,
    Link,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.words import (
    link_to,
    name_of,
    new_action,
    options,
    plain,
    switch,
)

MAKE = new_action("Make a project", "/projects/new")
TRAIL = (Link("Projects", "/projects"),)
# What the manager of a domain gives in it.
DOMAIN_ROLES = ("manager", "member", "reader")


def state_of(thing: Mapping[str, Any]) -> Badge:
    """Whether a project or a person may sign in."""
    return Badge("enabled", "good") if thing["enabled"] else Badge("disabled", "idle")


def show_all(visit: Visit) -> Page:
    """The list."""
    found = visit.rooms.together(
        projects=lambda: visit.rooms.get("identity", "projects"),
        domains=lambda: visit.rooms.get("identity", "domains"),
    )
    domains = {
        each["id"]: each["name"] for each in found.get("domains", {}).get("domains", ())
    }
    rows = []
    for each in sorted(found["projects"]["projects"], key=_by_name):
        path = f"/projects/{each['id']}"
        question = f"Delete the project {each['name']}? What it has is left alone."
        rows.append(
            Row(
                [
                    link_to(each, path),
                    state_of(each),
                    Text(domains.get(each["domain_id"], each["domain_id"])),
                    Text(each.get("description") or "", "faint"),
                ],
                [
                    *_quotas(visit, path),
                    Action("Edit\u2026", f"{path}/edit", is_form=True),
                    Action("Delete", f"{path}/delete", question, look="danger"),
                ],
            )
        )
    columns = ["Name", "State", "Domain", "Description"]
    empty = Empty("No projects.", MAKE)
    table = Table("projects", columns, rows, empty, is_filterable=True)
    return Page("Projects", "projects", [table], [MAKE])


def _quotas(visit: Visit, path: str) -> list[Action]:
    """Set by administrators of the cloud, not by those of a domain."""
    if visit.session.domain_id:
        return []
    return [Action("Quotas\u2026", f"{path}/quotas", is_form=True)]


def roles_to_give(visit: Visit, roles: Sequence[Mapping[str, Any]]) -> list[Option]:
    """Those that this person may give."""
    may = (lambda name: name in DOMAIN_ROLES) if visit.session.domain_id else bool
    return options(each for each in roles if may(each["name"]))


def _by_name(thing: Mapping[str, Any]) -> str:
    return str(thing["name"]).lower()


def show_one(visit: Visit) -> Page:
    """One project, and who has which role in it."""
    project_id, rooms = visit["id"], visit.rooms
    query = {"scope.project.id": project_id, "include_names": "true"}
    found = rooms.together(
        project=lambda: rooms.get("identity", "projects", project_id),
        roles=lambda: rooms.get("identity", "role_assignments", **query),
    )
    project = found["project"]["project"]
    path = f"/projects/{project_id}"
    facts: list[tuple[str, Cell]] = [
        ("ID", Text(project["id"], "copy")),
        ("Description", plain(project.get("description"))),
        ("Domain", Text(project["domain_id"], "mono")),
    ]
    rows = [_role_row(path, each) for each in found["roles"]["role_assignments"]]
    give = Action("Give a role", f"{path}/roles/new", is_form=True)
    columns = ["Who", "Domain", "Role"]
    empty = Empty("Nobody has a role here: nobody can use it.", give)
    return Page(
        name_of(project),
        "projects",
        [
            Facts("facts", facts, "About"),
            Table("roles", columns, rows, empty, "Who may what", [give]),
        ],
        [
            *_quotas(visit, path),
            Action("Edit\u2026", f"{path}/edit", is_form=True),
        ],
        badges=[state_of(project)],
        trail=TRAIL,
    )


def _role_row(path: str, given: Mapping[str, Any]) -> Row:
    kind = "user" if "user" in given else "group"
    who, role = given[kind], given["role"]
    away = f"{path}/roles/{kind}s/{who['id']}/{role['id']}/remove"
    shown: Cell = Text(f"group {who['name']}")
    if kind == "user":
        shown = Link(who["name"], f"/people/{who['id']}")
    return Row(
        [shown, Text((who.get("domain") or {}).get("name", "")), Text(role["name"])],
        [
            Action(
                "Take away", away, f"Take the role {role['name']} from {who['name']}?"
            )
        ],
    )


def role_form(visit: Visit) -> Form:
    """Whom, and which."""
    found = visit.rooms.together(
        users=lambda: visit.rooms.get("identity", "users"),
        roles=lambda: visit.rooms.get("identity", "roles"),
    )
    return Form(
        "Give a role",
        [
            Field(
                "user",
                "To",
                "select",
                options=options(found["users"]["users"]),
                is_required=True,
            ),
            Field(
                "role",
                "Role",
                "select",
                options=roles_to_give(visit, found["roles"]["roles"]),
                is_required=True,
            ),
        ],
        "Give",
        f"/projects/{visit['id']}",
        "projects",
    )


def give_role(visit: Visit, values: Values) -> Redirect:
    """Give it."""
    path = ("projects", visit["id"], "users", values["user"], "roles", values["role"])
    visit.rooms.put("identity", *path)
    return Redirect(f"/projects/{visit['id']}", Notice("The role is given."))


def remove_role(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    kind = "groups" if visit["kind"] == "groups" else "users"
    path = ("projects", visit["id"], kind, visit["who"], "roles", visit["role"])
    visit.rooms.delete("identity", *path)
    return visit.done(f"/projects/{visit['id']}", "The role is taken away.")


def new_form(visit: Visit) -> Form:
    """Its name."""
    domains = visit.rooms.get("identity", "domains")["domains"]
    return Form(
        "Make a project",
        [
            Field("name", "Name", is_required=True, longest=64),
            Field("description", "Description"),
            Field(
                "domain",
                "Domain",
                "select",
                [visit.session.domain_id or visit.session.user_domain_id],
                options(domains),
                is_required=True,
            ),
        ],
        "Make it",
        "/projects",
        "projects",
    )


def make(visit: Visit, values: Values) -> Redirect:
    """Make it."""
    wanted = {
        "name": values["name"],
        "description": values["description"],
        "domain_id": values["domain"],
    }
    reply = visit.rooms.post("identity", "projects", body={"project": wanted})
    text = Notice("The project is there: give people roles in it.")
    return Redirect(f"/projects/{reply['project']['id']}", text)


def edit_form(visit: Visit) -> Form:
    """Its name, and whether it may be used."""
    project = visit.rooms.get("identity", "projects", visit["id"])["project"]
    return Form(
        "Edit the project",
        [
            Field("name", "Name", values=[project["name"]], is_required=True),
            Field(
                "description", "Description", values=[project.get("description") or ""]
            ),
            switch("enabled", "Enabled", is_on=project["enabled"]),
        ],
        "Save",
        f"/projects/{visit['id']}",
        "projects",
    )


def edit(visit: Visit, values: Values) -> Redirect:
    """Change it."""
    change = {
        "name": values["name"],
        "description": values["description"],
        "enabled": values.flag("enabled"),
    }
    visit.rooms.patch("identity", "projects", visit["id"], body={"project": change})
    return Redirect(f"/projects/{visit['id']}", Notice("Saved."))


def delete(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    visit.rooms.delete("identity", "projects", visit["id"])
    return Redirect("/projects", Notice("The project is deleted."))


ROUTES = [
    page("projects", show_all),
    page("projects/{id}", show_one),
    form("projects/new", new_form, make),
    form("projects/{id}/edit", edit_form, edit),
    form("projects/{id}/roles/new", role_form, give_role),
    deed(
        "projects/{id}/roles/{kind}/{who}/{role}/remove",
        remove_role,
        "Take this role away?",
    ),
    deed("projects/{id}/delete", delete, "Delete this project?"),
]
