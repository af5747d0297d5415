"""Who is signed in: all of it is in a sealed cookie, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from compute.dashboard.frame.formats import moment_of
from compute.dashboard.frame.sealing import Sealer

PURPOSE = "session"
# Longer names are cut in the frame of a page: a cookie holds 4 KiB.
NAME_CHARACTERS_MAX = 64
ADMIN = "admin"
CSRF_BYTES = 24
# Likewise of all roles and of all types together; what is beyond is not offered.
LISTED_CHARACTERS_MAX = 600


@dataclass(frozen=True, slots=True)
class Session:
    """One person in one project, or in one domain that he or she manages.

    ``expires_at``: the token's, in seconds since the epoch.  ``services``: the types
    in the catalogue.  ``store_url`` and ``identity_url``: where its clients find them.
    """

    token: str = field(repr=False)
    csrf: str = field(repr=False)
    expires_at: float
    user_id: str
    user_name: str
    user_domain_id: str
    user_domain: str
    project_id: str = ""
    project_name: str = ""
    project_domain: str = ""
    domain_id: str = ""
    domain_name: str = ""
    region: str = ""
    roles: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    store_url: str = ""
    identity_url: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether to show what only administrators may; the rooms decide."""
        return ADMIN in self.roles and not self.domain_id

    @property
    def scope_name(self) -> str:
        """Where he or she is, in words."""
        if self.domain_id:
            return f"domain {self.domain_name}"
        return self.project_name or "no project"


def session_of(token: str, body: Mapping[str, Any]) -> Session:
    """From identity's reply to a sign-in."""
    told: Mapping[str, Any] = body["token"]
    project: Mapping[str, Any] = told.get("project") or {}
    user = told["user"]
    catalogue = told.get("catalog") or ()
    ends = moment_of(told["expires_at"])
    domain: Mapping[str, Any] = told.get("domain") or {}
    return Session(
        token=token,
        csrf=secrets.token_urlsafe(CSRF_BYTES),
        expires_at=ends.timestamp() if ends else 0.0,
        user_id=user["id"],
        user_name=user["name"][:NAME_CHARACTERS_MAX],
        user_domain_id=user["domain"]["id"],
        user_domain=user["domain"].get("name", "")[:NAME_CHARACTERS_MAX],
        project_id=project.get("id", ""),
        project_name=project.get("name", "")[:NAME_CHARACTERS_MAX],
        project_domain=((project.get("domain") or {}).get("name") or "")[
            :NAME_CHARACTERS_MAX
        ],
        domain_id=domain.get("id", ""),
        domain_name=domain.get("name", "")[:NAME_CHARACTERS_MAX],
        region=_region(catalogue),
        roles=_fitting(role["name"].lower() for role in told.get("roles", ())),
        services=_fitting(entry["type"] for entry in catalogue if entry["endpoints"]),
        store_url=_public_url(catalogue, "object-store"),
        identity_url=_public_url(catalogue, "identity"),
    )


def write_session(sealer: Sealer, session: Session) -> str:
    """What the cookie holds."""
    document = asdict(session)
    document["roles"] = sorted(session.roles)
    document["services"] = sorted(session.services)
    return sealer.seal(PURPOSE, document)


def read_session(sealer: Sealer, text: str, now: float) -> Session | None:
    """The session, while its token is good.  One that another release has written
    with other fields is none."""
    document = sealer.open(PURPOSE, text)
    if document is None or document.keys() != _FIELDS or document["expires_at"] <= now:
        return None
    document["roles"] = frozenset(document["roles"])
    document["services"] = frozenset(document["services"])
    return Session(**document)


_FIELDS = {each.name for each in fields(Session)}


def _fitting(names: Iterable[str]) -> frozenset[str]:
    """The administrators' role and the shortest names, as far as there is room."""
    found: list[str] = []
    left = LISTED_CHARACTERS_MAX
    for name in sorted(names, key=lambda each: (each != ADMIN, len(each), each)):
        left -= len(name.encode())
        if left >= 0:
            found.append(name)
    return frozenset(found)


def _public_url(catalogue: Any, kind: str) -> str:
    for entry in catalogue:
        if entry["type"] == kind:
            for endpoint in entry["endpoints"]:
                if endpoint["interface"] == "public":
                    return str(endpoint["url"])
    return ""


def _region(catalogue: Any) -> str:
    for entry in catalogue:
        for endpoint in entry["endpoints"]:
            return str(endpoint.get("region_id") or endpoint.get("region") or "")
    return ""
