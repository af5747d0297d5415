"""My account: password, credentials, keys, devices, and files for clients."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.headers import download_headers
from compute.dashboard.frame.routes import form, page
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.view import (
    Action,
    Cell,
    Empty,
    Facts,
    Page,
    Row,
    Table,
    Text,
    When,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.account.client_files import clouds_yaml, openrc
from compute.dashboard.pages.account.devices import LIST as DEVICES
from compute.dashboard.pages.account.devices import device_table
from compute.dashboard.pages.account.sign_in import SIGNED_OUT
from compute.dashboard.rooms import Refused
from objectstore.kernel.reply import Reply

PASSWORD_CHARACTERS_MAX = 4096


def show(visit: Visit) -> Page:
    """Who one is, and what one has."""
    session, rooms = visit.session, visit.rooms
    user = session.user_id
    found = rooms.together(
        application=lambda: rooms.get(
            "identity", "users", user, "application_credentials"
        ),
        ec2=lambda: rooms.get("identity", "users", user, "credentials", "OS-EC2"),
        devices=lambda: rooms.get("identity", "credentials", **DEVICES, user_id=user),
    )
    visit.problems += found.problems
    facts: list[tuple[str, Cell]] = [
        ("User", Text(session.user_name)),
        ("ID", Text(user, "copy")),
        ("Domain", Text(session.user_domain)),
        *_scope(session),
        ("Roles here", Text(", ".join(sorted(session.roles)) or "none")),
        ("Signed in until", When(_iso(session.expires_at))),
        ("Sign-in address", Text(session.identity_url, "copy")),
    ]
    downloads = Table(
        "files",
        ["File", "For"],
        [
            Row(
                [Text("clouds.yaml", "mono"), Text("the openstack command, SDKs")],
                [Action("Download", "/account/clouds.yaml", is_form=True)],
            ),
            Row(
                [Text("openrc.sh", "mono"), Text("shells: asks for the password")],
                [Action("Download", "/account/openrc.sh", is_form=True)],
            ),
        ],
        Empty(""),
        "Files for clients",
    )
    sections: list[Any] = [Facts("facts", facts, "About"), downloads]
    if session.project_id:
        made = found.get("application", {}).get("application_credentials", ())
        sections.append(_application_table(made))
        sections.append(_ec2_table(found.get("ec2", {}).get("credentials", ())))
    sections.append(device_table(found.get("devices", {}).get("credentials", ())))
    return Page(
        "My account",
        "",
        sections,
        [Action("Change the password\u2026", "/account/password", is_form=True)],
    )


def _scope(session: Session) -> list[tuple[str, Cell]]:
    if session.domain_id:
        return [
            ("Manages the domain", Text(session.domain_name)),
            ("ID of the domain", Text(session.domain_id, "copy")),
        ]
    return [
        ("Project", Text(session.project_name or "none")),
        ("ID of the project", Text(session.project_id, "copy")),
    ]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _application_table(credentials: Any) -> Table:
    rows = [
        Row(
            [
                Text(each["name"]),
                Text(each["id"], "copy"),
                Text(", ".join(role["name"] for role in each["roles"])),
                When(each["expires_at"]) if each.get("expires_at") else Text("never"),
            ],
            [
                Action(
                    "Delete",
                    f"/account/application/{each['id']}/delete",
                    f"Delete the credential {each['name']}? What uses it is locked"
                    " out.",
                    look="danger",
                )
            ],
        )
        for each in credentials
    ]
    make = Action("Make one", "/account/application/new", is_form=True)
    empty = Empty(
        "None yet. With one a program signs in for you, without your password, and only"
        " to this project.",
        make,
    )
    columns = ["Name", "ID", "Roles", "Ends"]
    title = "Application credentials"
    return Table("application", columns, rows, empty, title, [make])


def _ec2_table(credentials: Any) -> Table:
    rows = [
        Row(
            [
                Text(each["access"], "copy"),
                Text(each["tenant_id"], "mono"),
            ],
            [
                Action("Show the secret", f"/account/ec2/{each['access']}/show"),
                Action(
                    "Delete",
                    f"/account/ec2/{each['access']}/delete",
                    "Delete this key? What uses it is locked out.",
                    look="danger",
                ),
            ],
        )
        for each in credentials
    ]
    make = Action("Make one", "/account/ec2/new", look="")
    empty = Empty("None yet. S3 and EC2 clients sign in with them.", make)
    return Table(
        "ec2", ["Access key", "Project"], rows, empty, "EC2 and S3 keys", [make]
    )


def password_form(visit: Visit) -> Form:
    """The old one, and the new one twice."""
    return Form(
        "Change the password",
        [
            _password("old", "Password of now", "current-password"),
            _password("new", "New password", "new-password"),
            _password("again", "The new one again", "new-password"),
        ],
        "Change it",
        "/account",
        lead="You sign in anew afterwards.",
    )


def _password(name: str, label: str, kind: str) -> Field:
    return Field(
        name,
        label,
        "password",
        is_required=True,
        longest=PASSWORD_CHARACTERS_MAX,
        autocomplete=kind,
    )


def change_password(visit: Visit, values: Values) -> Redirect:
    """Change it; every token of the person ends with it."""
    if values["new"] != values["again"]:
        raise BadForm({"again": "This is another one."})
    body = {"user": {"original_password": values["old"], "password": values["new"]}}
    path = ("users", visit.session.user_id, "password")
    try:
        visit.rooms.post("identity", *path, body=body)
    except Refused as error:
        if error.status == 401:
            raise BadForm({"old": "That is not the password."}) from None
        raise
    text = Notice("The password is changed. Sign in with the new one.")
    return Redirect("/sign-in", text, session=SIGNED_OUT)


def download_clouds(visit: Visit) -> Reply:
    """clouds.yaml, without a password."""
    return _file(clouds_yaml(visit.session), "clouds.yaml")


def download_openrc(visit: Visit) -> Reply:
    """openrc.sh, which asks for the password."""
    return _file(openrc(visit.session), "openrc.sh")


def _file(text: str, name: str) -> Reply:
    headers = download_headers(f'attachment; filename="{name}"')
    return Reply(200, text.encode(), headers, "text/plain; charset=UTF-8")


ROUTES = [
    page("account", show),
    form("account/password", password_form, change_password),
    page("account/clouds.yaml", download_clouds),
    page("account/openrc.sh", download_openrc),
]
