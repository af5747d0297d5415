"""Tokens for people: by password, and for another project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from compute.dashboard.frame.session import Session, session_of
from compute.dashboard.rooms import Rooms
from objectstore.client.caller import Answer
from objectstore.kernel.errors import Unavailable

TOKENS = "/auth/tokens"
SUBJECT = "x-subject-token"


def sign_in(
    rooms: Rooms, user: str, password: str, domain: str, passcode: str = ""
) -> Session:
    """A session in the user's own project, or the first that there is; without any, in
    the first domain that he or she has a role in, or in none.  ``Rejected`` 401."""
    person = {"name": user, "domain": {"name": domain}}
    identity: dict[str, Any] = {
        "methods": ["password"],
        "password": {"user": {**person, "password": password}},
    }
    if passcode:
        identity["methods"].append("totp")
        identity["totp"] = {"user": {**person, "passcode": passcode}}
    return settled(rooms, _issue(rooms, identity, "unscoped"))


def into_project(rooms: Rooms, session: Session, project_id: str) -> Session:
    """The same person in another project.  ``Rejected`` 401, 403 when he has no role
    there.

    Forms of the old project are not believed any more: another tab may still show one,
    and what it asks for would be made in the new one.
    """
    identity = {"methods": ["token"], "token": {"id": session.token}}
    return _issue(rooms, identity, {"project": {"id": project_id}})


def into_domain(rooms: Rooms, session: Session, domain_id: str) -> Session:
    """Likewise, to manage a domain's people and projects."""
    identity = {"methods": ["token"], "token": {"id": session.token}}
    return _issue(rooms, identity, {"domain": {"id": domain_id}})


def projects_of(rooms: Rooms, token: str) -> list[dict[str, Any]]:
    """The projects that the owner of the token may go to, by name."""
    return _scopes(rooms, token, "projects")


def domains_of(rooms: Rooms, token: str) -> list[dict[str, Any]]:
    """The domains that the owner of the token may go to, by name."""
    return _scopes(rooms, token, "domains")


def _scopes(rooms: Rooms, token: str, kind: str) -> list[dict[str, Any]]:
    answer = rooms.call(
        "identity", "GET", f"/auth/{kind}", headers={"X-Auth-Token": token}
    )
    found = [each for each in answer[kind] if each.get("enabled", True)]
    return sorted(found, key=lambda each: str(each["name"]).lower())


def revoke(rooms: Rooms, token: str) -> None:
    """End a token."""
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    rooms.call("identity", "DELETE", TOKENS, headers=headers)


def settled(rooms: Rooms, unscoped: Session) -> Session:
    """From a session in no project to one in the user's own, or the first."""
    asked = rooms.together(
        projects=lambda: projects_of(rooms, unscoped.token),
        domains=lambda: domains_of(rooms, unscoped.token),
        user=lambda: rooms.call(
            "identity",
            "GET",
            f"/users/{unscoped.user_id}",
            headers={"X-Auth-Token": unscoped.token},
        ),
    )
    projects, domains = asked["projects"], asked.get("domains", ())
    if projects:
        user = asked.get("user", {}).get("user", {})
        wanted = _first(projects, user.get("default_project_id") or "")
        session = into_project(rooms, unscoped, wanted)
    elif domains:
        session = into_domain(rooms, unscoped, domains[0]["id"])
    else:
        return unscoped
    revoke(rooms, unscoped.token)
    return session


def _first(projects: Sequence[dict[str, Any]], preferred: str) -> str:
    ids = [str(each["id"]) for each in projects]
    return preferred if preferred in ids else ids[0]


def _issue(rooms: Rooms, identity: Any, scope: Any) -> Session:
    body = {"auth": {"identity": identity, "scope": scope}}
    headers = {"Content-Type": "application/json"}
    with rooms.stream(
        "identity", "POST", TOKENS, headers, orjson.dumps(body)
    ) as answer:
        return session_from(answer)


def session_from(answer: Answer) -> Session:
    """From identity's answer with a token.  ``Unavailable``."""
    token = answer.headers.get(SUBJECT, "")
    if not token:
        raise Unavailable("identity answered without a token")
    return session_of(token, answer.json())
