"""Signing in and out, and going to another project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from compute.dashboard.frame import signing
from compute.dashboard.frame.fields import BadForm, Field, Form, Values
from compute.dashboard.frame.guard import local_path
from compute.dashboard.frame.routes import Route, deed, page
from compute.dashboard.frame.session import Session
from compute.dashboard.frame.throttle import Throttle
from compute.dashboard.frame.view import (
    Action,
    Badge,
    Empty,
    Page,
    Row,
    Table,
    Text,
)
from compute.dashboard.frame.visit import Notice, Redirect, Visit
from compute.dashboard.pages.account.provider_sign_in import ProviderSignIn
from objectstore.kernel.errors import Rejected, Unavailable

# The same for a wrong name, a wrong password or passcode, and an account that is
# locked.
WRONG = (
    "That did not work: user, password, passcode or domain is wrong, or the account is"
    " locked."
)
# Devices show them in groups: "123 456".
PASSCODE_CHARACTERS_MAX = 16
NOT_THERE = Notice("You cannot go there: you have no role in it.", "bad")
SIGNED_OUT = Session("", "", 0.0, "", "", "", "")


class SignIn:
    """The pages of people who are not signed in."""

    def __init__(
        self, throttle: Throttle, domain: str, providers: ProviderSignIn
    ) -> None:
        self._throttle = throttle
        self._domain = domain
        self._providers = providers

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("sign-in", self.show, self.sign_in, is_public=True),
            deed("sign-out", sign_out),
        ]

    def show(self, visit: Visit) -> Any:
        """The form; whoever is signed in already goes on."""
        if visit.session.token and visit.request.method != "POST":
            return Redirect(local_path(visit.query("next"), "/"))
        return Form(
            "Sign in",
            [
                Field("user", "User", is_required=True, autocomplete="username"),
                Field(
                    "password",
                    "Password",
                    "password",
                    is_required=True,
                    longest=4096,
                    autocomplete="current-password",
                ),
                Field(
                    "passcode",
                    "Passcode",
                    help="Of your device, if your account wants one.",
                    longest=PASSCODE_CHARACTERS_MAX,
                    autocomplete="one-time-code",
                ),
                Field(
                    "domain",
                    "Domain",
                    values=[self._domain],
                    is_required=True,
                    autocomplete="organization",
                ),
            ],
            "Sign in",
            "",
            ways=self._providers.ways(visit),
        )

    def sign_in(self, visit: Visit, values: Values) -> Redirect:
        """One try."""
        address = visit.request.environ.get("REMOTE_ADDR", "")
        wait = self._throttle.wait_seconds(address)
        if wait:
            raise BadForm({"": f"Too many tries. Wait {wait} seconds."})
        self._throttle.tried(address)
        try:
            session = signing.sign_in(
                visit.rooms,
                values["user"],
                values["password"],
                values["domain"],
                "".join(values["passcode"].split()),
            )
        except Unavailable:
            self._throttle.forgive(address)
            raise
        except Rejected:
            raise BadForm({"": WRONG}) from None
        self._throttle.forgive(address)
        if visit.session.token:
            with suppress(Rejected):
                signing.revoke(visit.rooms, visit.session.token)
        return Redirect(local_path(visit.query("next"), "/"), session=session)


def sign_out(visit: Visit, values: Values) -> Redirect:
    """End the token, and the session with it."""
    told = Notice("You are signed out.")
    try:
        with suppress(Rejected):  # it may have ended by itself
            signing.revoke(visit.rooms, visit.session.token)
    except Unavailable:
        text = "You are signed out here, but identity is away and does not know it."
        told = Notice(text, "bad")
    return Redirect("/sign-in", told, session=SIGNED_OUT)


def show_projects(visit: Visit) -> Page:
    """The projects to choose from, and the domains that one may manage."""
    rooms, token = visit.rooms, visit.session.token
    found = rooms.together(
        projects=lambda: signing.projects_of(rooms, token),
        domains=lambda: signing.domains_of(rooms, token),
    )
    projects, domains = found["projects"], found.get("domains", ())
    rows = [
        Row(
            [
                Text(each["name"]),
                Text(each.get("description") or "", "faint"),
                Badge("this one", "good")
                if each["id"] == visit.session.project_id
                else Text(each["id"], "mono"),
            ],
            [
                Action(
                    "Go there",
                    "/switch/to",
                    look="primary",
                    values={"project": each["id"]},
                )
            ]
            if each["id"] != visit.session.project_id
            else (),
        )
        for each in projects
    ]
    table = Table(
        "projects",
        ["Project", "Description", "ID"],
        rows,
        Empty("You have no role in any project yet. Ask an administrator for one."),
        is_filterable=True,
    )
    sections = [table]
    if domains:
        sections.append(_domain_table(domains, visit.session.domain_id))
    return Page(
        "Switch project",
        "",
        sections,
        lead="Everything that you see and make belongs to one project at a time.",
    )


def _domain_table(domains: Sequence[Mapping[str, Any]], here: str) -> Table:
    rows = []
    for each in domains:
        go = Action("Go there", "/switch/to", values={"domain": each["id"]})
        is_here = each["id"] == here
        shown = Badge("this one", "good") if is_here else Text(each["id"], "mono")
        rows.append(Row([Text(each["name"]), shown], [] if is_here else [go]))
    empty, note = Empty(""), "There one manages people and projects, and runs nothing."
    title = "Domains to manage"
    return Table("domains", ["Domain", "ID"], rows, empty, title, note=note)


def switch(visit: Visit, values: Values) -> Redirect:
    """Go to another project or domain; the token of the old one ends."""
    rooms, before, asked = visit.rooms, visit.session, visit.submitted
    try:
        if domain := asked.one("domain"):
            session = signing.into_domain(rooms, before, domain)
        else:
            session = signing.into_project(rooms, before, asked.one("project"))
    except Rejected:
        # Identity says 401 of a role that was taken away: nobody is signed out by it.
        # Whose session has ended learns it from the list.
        return Redirect("/switch", NOT_THERE)
    signing.revoke(rooms, before.token)
    text = f"You are in {session.scope_name} now."
    return Redirect("/", Notice(text), session=session)


ROUTES = [page("switch", show_projects), deed("switch/to", switch)]
