"""Keys of programs: application credentials, and EC2 and S3 keys."""

from __future__ import annotations

from typing import Any

from compute.dashboard.frame.fields import Field, Form, Option, Values
from compute.dashboard.frame.routes import deed, form
from compute.dashboard.frame.view import (
    Action,
    Block,
    Cell,
    Facts,
    Page,
    Said,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.account.client_files import clouds_yaml


def application_form(visit: Visit) -> Form:
    """Its name, roles and end."""
    roles = sorted(visit.session.roles)
    return Form(
        "Make an application credential",
        [
            Field("name", "Name", is_required=True),
            Field("description", "Description"),
            Field(
                "roles",
                "Roles",
                "checks",
                roles,
                [Option(role, role) for role in roles],
                is_required=True,
            ),
            Field(
                "expires",
                "Ends at (UTC)",
                placeholder="2030-01-31T12:00:00",
                help="Left empty: never.",
            ),
        ],
        "Make it",
        "/account",
    )


def make_application(visit: Visit, values: Values) -> Page:
    """Make it; its secret is on this page and nowhere else."""
    wanted = {
        "name": values["name"],
        "roles": [{"name": role} for role in values.chosen("roles")],
        **values.given(description="description", expires_at="expires"),
    }
    path = ("users", visit.session.user_id, "application_credentials")
    reply = visit.rooms.post("identity", *path, body={"application_credential": wanted})
    made = reply["application_credential"]
    text = clouds_yaml(visit.session, made["id"], made["secret"])
    said = Said("This is the only time that the secret is shown.", "warn")
    return Page(
        made["name"],
        "",
        [
            said,
            Block("secret", made["secret"], "Secret"),
            Block(
                "clouds",
                text,
                "clouds.yaml with it",
                "For ~/.config/openstack/clouds.yaml, readable by you alone.",
                download="clouds.yaml",
            ),
        ],
        [Action("Done", "/account", is_form=True, look="primary")],
    )


def delete_application(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    path = ("users", visit.session.user_id, "application_credentials", visit["id"])
    visit.rooms.delete("identity", *path)
    return Redirect("/account", Notice("The credential is deleted."))


def make_ec2(visit: Visit, values: Values) -> Page:
    """Make a key for this project."""
    path = ("users", visit.session.user_id, "credentials", "OS-EC2")
    body = {"tenant_id": visit.session.project_id}
    return _key_page(visit.rooms.post("identity", *path, body=body)["credential"])


def show_ec2(visit: Visit, values: Values) -> Page:
    """Both halves of a key."""
    path = ("users", visit.session.user_id, "credentials", "OS-EC2", visit["access"])
    return _key_page(visit.rooms.get("identity", *path)["credential"])


def _key_page(key: Any) -> Page:
    facts: list[tuple[str, Cell]] = [
        ("Access key", Text(key["access"], "copy")),
        ("Secret key", Text(key["secret"], "copy")),
    ]
    done = Action("Done", "/account", is_form=True, look="primary")
    return Page("EC2 and S3 key", "", [Facts("key", facts, "The key")], [done])


def delete_ec2(visit: Visit, values: Values) -> Redirect:
    """Take it away."""
    path = ("users", visit.session.user_id, "credentials", "OS-EC2", visit["access"])
    visit.rooms.delete("identity", *path)
    return Redirect("/account", Notice("The key is deleted."))


ROUTES = [
    form("account/application/new", application_form, make_application),
    deed(
        "account/application/{id}/delete",
        delete_application,
        "Delete this credential? What uses it is locked out.",
    ),
    deed("account/ec2/new", make_ec2),
    deed("account/ec2/{access}/show", show_ec2),
    deed(
        "account/ec2/{access}/delete",
        delete_ec2,
        "Delete this key? What uses it is locked out.",
    ),
]
