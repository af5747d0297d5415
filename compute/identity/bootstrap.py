"""What a new cloud begins with; safe to run again at every start.

The default domain; the roles admin, manager, member, reader (each implying the next)
and service; the project and user ``admin`` with the role admin on the project, the
default domain and the system; the project ``service`` with the house's own user.
Then the services and their endpoints.  What is there stays as it is, except that the
house's user gets the password that the house knows, and endpoints their URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from compute.core.context import RequestContext
from compute.core.sql.database import Connection
from compute.identity import lockout, tables
from compute.identity.model import (
    ADMIN,
    DEFAULT_DOMAIN_ID,
    DOMAIN,
    IMPLIED,
    MANAGER,
    MEMBER,
    PROJECT,
    READER,
    SERVICE,
    SYSTEM,
    SYSTEM_ID,
    USER,
    Assignment,
    Endpoint,
    Project,
    Region,
    Role,
    Service,
    User,
)
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.subjects import (
    endpoints,
    projects,
    regions,
    roles,
    services,
    users,
)

ADMIN_NAME = "admin"
SERVICE_PROJECT = "service"
INTERFACES = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A service, and the URL at which everybody finds it."""

    type: str
    name: str
    url: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Names and passwords to begin with; ``service_password`` "": no such user."""

    admin_password: str = field(repr=False)
    service_password: str = field(default="", repr=False)
    service_user: str = "ringstack"
    region: str = "RegionOne"
    catalogue: tuple[CatalogueEntry, ...] = ()


def bootstrap(parts: Parts, wanted: Beginnings) -> None:
    """Make what is missing, in one transaction."""
    # Hashing is slow and must not be done while the database waits.
    found = parts.read(lambda connection: _named_users(connection, wanted))
    hashes = {}
    for name, password in (
        (ADMIN_NAME, wanted.admin_password),
        (wanted.service_user, wanted.service_password),
    ):
        known = found.get(name)
        keeps = known is not None and (
            name == ADMIN_NAME or parts.passwords.fits(password, known.password_hash)
        )
        if password and not keeps:
            hashes[name] = parts.passwords.hash(password)
    parts.run(lambda connection: _write(connection, parts, wanted, hashes))


def _named_users(connection: Connection, wanted: Beginnings) -> dict[str, User]:
    rows = tables.users.c
    found = users.where(
        connection,
        rows.domain_id == DEFAULT_DOMAIN_ID,
        rows.name.in_([ADMIN_NAME, wanted.service_user]),
    )
    return {user.name: user for user in found}


def _write(
    connection: Connection,
    parts: Parts,
    wanted: Beginnings,
    hashes: dict[str, str],
) -> None:
    maker = _Maker(connection, parts)
    maker.domain()
    made = {
        name: maker.role(name) for name in (ADMIN, MANAGER, MEMBER, READER, SERVICE)
    }
    for prior, implied in IMPLIED:
        assignments.imply(connection, made[prior], made[implied])
    admin = maker.user(ADMIN_NAME, hashes.get(ADMIN_NAME), {})
    project = maker.project(ADMIN_NAME, "The administrators' project")
    for kind, target in (
        (PROJECT, project),
        (DOMAIN, DEFAULT_DOMAIN_ID),
        (SYSTEM, SYSTEM_ID),
    ):
        maker.assign(admin, kind, target, made[ADMIN])
    service_project = maker.project(SERVICE_PROJECT, "The services' own project")
    if wanted.service_password:
        # Its password is long and random: nobody guesses it, but anybody could
        # lock it out.
        options = {lockout.IGNORE_LOCKOUT: True, lockout.IGNORE_EXPIRY: True}
        user = maker.user(wanted.service_user, hashes.get(wanted.service_user), options)
        for name in (ADMIN, SERVICE):
            maker.assign(user, PROJECT, service_project, made[name])
    maker.catalogue(wanted.region, wanted.catalogue)


class _Maker:
    """Makes what is not there, and says its id."""

    def __init__(self, connection: Connection, parts: Parts) -> None:
        self._connection = connection
        self._parts = parts
        self._new_id = parts.identifiers.hexadecimal

    def domain(self) -> None:
        if projects.find(self._connection, DEFAULT_DOMAIN_ID) is None:
            self._add_project(
                Project(
                    DEFAULT_DOMAIN_ID,
                    "Default",
                    is_domain=True,
                    description="The default domain",
                )
            )

    def project(self, name: str, description: str) -> str:
        rows = tables.projects.c
        found = projects.first(
            self._connection, rows.domain_id == DEFAULT_DOMAIN_ID, rows.name == name
        )
        if found is None:
            home = DEFAULT_DOMAIN_ID
            found = Project(
                id=self._new_id(),
                name=name,
                domain_id=home,
                parent_id=home,
                description=description,
            )
            self._add_project(found)
        return found.id

    def _add_project(self, project: Project) -> None:
        projects.insert(self._connection, project)
        self._note("bootstrap.project", project.id)

    def role(self, name: str) -> str:
        rows = tables.roles.c
        found = roles.first(self._connection, rows.domain_id == "", rows.name == name)
        if found is None:
            options = {"immutable": True}
            found = Role(self._new_id(), name, "", None, options, {})
            roles.insert(self._connection, found)
            self._note("bootstrap.role", found.id)
        return found.id

    def user(
        self, name: str, password_hash: str | None, options: dict[str, bool]
    ) -> str:
        rows = tables.users.c
        now = self._parts.now()
        found = users.first(
            self._connection, rows.domain_id == DEFAULT_DOMAIN_ID, rows.name == name
        )
        if found is None:
            found = User(
                id=self._new_id(),
                name=name,
                domain_id=DEFAULT_DOMAIN_ID,
                enabled=True,
                default_project_id="",
                description=None,
                options=options,
                extra={},
                created_at=now,
                password_hash=password_hash or "",
                password_at=now,
                password_expires_at=None,
                failures=0,
                failed_at=0.0,
            )
            users.insert(self._connection, found)
            self._note("bootstrap.user", found.id)
        elif password_hash:
            values = {"password_hash": password_hash, "password_at": now}
            users.update(self._connection, found.id, values)
        return found.id

    def assign(self, user_id: str, kind: str, target_id: str, role_id: str) -> None:
        assignment = Assignment(USER, user_id, kind, target_id, role_id, False)
        assignments.add(self._connection, assignment)

    def catalogue(self, region: str, entries: Iterable[CatalogueEntry]) -> None:
        if regions.find(self._connection, region) is None:
            regions.insert(self._connection, Region(region, "", "", {}))
        for entry in entries:
            self._endpoints(region, entry, self._service(entry))

    def _service(self, entry: CatalogueEntry) -> str:
        rows = tables.services.c
        found = services.first(
            self._connection, rows.type == entry.type, rows.name == entry.name
        )
        if found is None:
            # Once each service was named after its type: that one is meant.
            found = services.first(
                self._connection, rows.type == entry.type, rows.name == entry.type
            )
            if found is not None:
                services.update(self._connection, found.id, {"name": entry.name})
        if found is None:
            found = Service(
                self._new_id(), entry.type, entry.name, entry.description, True, {}
            )
            services.insert(self._connection, found)
            self._note("bootstrap.service", found.id)
        return found.id

    def _endpoints(self, region: str, entry: CatalogueEntry, service_id: str) -> None:
        rows = tables.endpoints.c
        for interface in INTERFACES:
            found = endpoints.first(
                self._connection,
                rows.service_id == service_id,
                rows.region_id == region,
                rows.interface == interface,
            )
            if found is None:
                made = Endpoint(
                    self._new_id(), service_id, region, interface, entry.url, True, {}
                )
                endpoints.insert(self._connection, made)
            elif found.url != entry.url:
                endpoints.update(self._connection, found.id, {"url": entry.url})

    def _note(self, kind: str, subject_id: str) -> None:
        self._parts.note(self._connection, RequestContext(), kind, subject_id)
