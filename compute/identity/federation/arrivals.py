"""Somebody comes by a provider: who he is here, his groups and his projects, written
down in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from compute.core.context import RequestContext
from compute.core.errors import Unauthorized
from compute.core.sql.database import Connection
from compute.identity import tables
from compute.identity.auth import find
from compute.identity.auth.request import Reference
from compute.identity.federation.claims import is_text
from compute.identity.federation.mapping import (
    LOCAL,
    Mapped,
    MappedGroup,
    MappedProject,
    MappedUser,
    Place,
)
from compute.identity.federation.model import IdentityProvider, Protocol
from compute.identity.federation.standing import groups_by_word_of
from compute.identity.model import PROJECT, USER, Assignment, Project, User
from compute.identity.parts import Parts
from compute.identity.store import assignments
from compute.identity.store.subjects import groups, projects, roles, users

UNIQUE_ID_CHARACTERS_MAX = 255
NAME_CHARACTERS_MAX = 255
SUFFIX_CHARACTERS = 12
_log = logging.getLogger("compute.identity.federation")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came; ``lost``: he is no longer in all groups that he was in."""

    user: User
    lost: bool


def arrive(
    connection: Connection,
    parts: Parts,
    provider: IdentityProvider,
    protocol: Protocol,
    mapped: Mapped,
    subject: str,
    now: float,
) -> Arrival:
    """``subject``: the provider's own name of him, which never changes.
    ``Unauthorized`` when a user of ours who is meant is not there."""
    if mapped.user.kind == LOCAL:
        return Arrival(_local_user(connection, mapped.user), False)
    arriving = _Arriving(connection, parts, provider, protocol, now)
    user = arriving.user(mapped.user, subject)
    if not user.enabled:
        raise Unauthorized()
    lost = arriving.groups(user, mapped.groups)
    for project in mapped.projects:
        arriving.project(user, project)
    return Arrival(user, lost)


def _local_user(connection: Connection, wanted: MappedUser) -> User:
    place = wanted.domain
    by_name = Reference("", wanted.name, place.id, place.name)
    has_place = place.id or place.name
    user = None
    if wanted.id:
        user = users.find(connection, wanted.id)
    elif has_place:
        user = find.user(connection, by_name)
    if user is None or user.identity_provider_id:
        _log.warning("a mapping names a local user who is not there")
        raise Unauthorized()
    return user


class _Arriving:
    """One person's arrival."""

    def __init__(
        self,
        connection: Connection,
        parts: Parts,
        provider: IdentityProvider,
        protocol: Protocol,
        now: float,
    ) -> None:
        self._connection = connection
        self._parts = parts
        self._provider = provider
        self._protocol = protocol
        self._now = now

    def _note(self, kind: str, subject_id: str) -> None:
        self._parts.note(self._connection, RequestContext(), kind, subject_id)

    # ---- who -------------------------------------------------------------------

    def user(self, wanted: MappedUser, subject: str) -> User:
        """The user whom the provider means; made at the first time."""
        unique = wanted.id or subject
        name = wanted.name or unique
        if len(unique) > UNIQUE_ID_CHARACTERS_MAX or len(name) > NAME_CHARACTERS_MAX:
            _log.warning("an id or a name of %s is too long", self._provider.id)
            raise Unauthorized()
        if unique != unique.strip() or not is_text(unique):
            # Some databases take "ann " for "ann".
            _log.warning("an id of %s has space around it", self._provider.id)
            raise Unauthorized()
        key = {
            "provider_id": self._provider.id,
            "protocol_id": self._protocol.name,
            "unique_id": unique,
        }
        rows = tables.federated_users
        conditions = [rows.c[column] == value for column, value in key.items()]
        known = self._connection.execute(rows.select().where(*conditions)).first()
        if known is not None:
            return self._renamed(users.get(self._connection, known.user_id), name)
        user = self._new_user(name, unique, wanted.email)
        users.insert(self._connection, user)
        self._connection.execute(rows.insert().values(**key, user_id=user.id))
        self._note("federation.user", user.id)
        return user

    def _new_user(self, name: str, unique: str, email: str) -> User:
        return User(
            id=self._parts.identifiers.hexadecimal(),
            name=self._free_name(name, ""),
            domain_id=self._provider.domain_id,
            enabled=True,
            default_project_id="",
            description=None,
            options={},
            extra={"email": email} if email else {},
            created_at=self._now,
            password_hash="",
            password_at=self._now,
            password_expires_at=None,
            failures=0,
            failed_at=0.0,
            identity_provider_id=self._provider.id,
        )

    def _renamed(self, user: User, name: str) -> User:
        """With the name that the provider gives him now; users of ours keep theirs."""
        if not user.identity_provider_id or name in (
            user.name,
            user.name.rpartition(" #")[0],
        ):
            return user
        free = self._free_name(name, user.id)
        return users.update(self._connection, user.id, {"name": free})

    def _free_name(self, name: str, user_id: str) -> str:
        """The name, or, where somebody else has it, the name with a suffix: people of
        a provider choose their names there, and must not become anybody here."""
        rows = tables.users.c
        taken = users.first(
            self._connection,
            rows.domain_id == self._provider.domain_id,
            rows.name == name,
        )
        if taken is None or taken.id == user_id:
            return name
        # By chance: one that others could know beforehand they could take.
        suffix = self._parts.identifiers.hexadecimal()[:SUFFIX_CHARACTERS]
        room = NAME_CHARACTERS_MAX - SUFFIX_CHARACTERS - 2
        return f"{name[:room]} #{suffix}"

    # ---- what he has -----------------------------------------------------------

    def groups(self, user: User, wanted: tuple[MappedGroup, ...]) -> bool:
        """Memberships as the provider has them now, in the place of those of before;
        whether he has lost one."""
        found = {key for each in wanted if (key := self._group_id(each))}
        before = set(groups_by_word_of(self._connection, user.id, self._provider.id))
        rows = tables.federated_memberships
        # Only people of this provider's come here.
        of_user = rows.c.user_id == user.id
        gone = rows.c.group_id.in_(sorted(before - found))
        self._connection.execute(rows.delete().where(of_user, gone))
        minutes = self._provider.authorization_ttl or 0
        life = max(minutes * 60.0, self._parts.settings.token_life)
        ends = {"ends_at": self._now + life}
        # In place: somebody may come many times at once, and rows that are made anew
        # are then duplicates.
        self._connection.execute(rows.update().where(of_user).values(**ends))
        for key in sorted(found - before):
            values = {
                "user_id": user.id,
                "group_id": key,
                "provider_id": self._provider.id,
                **ends,
            }
            self._connection.execute(rows.insert().values(**values))
        return bool(before - found)

    def _group_id(self, wanted: MappedGroup) -> str:
        found = None
        if wanted.id:
            found = groups.find(self._connection, wanted.id)
        else:
            domain_id = self._domain_id(wanted.domain)
            rows = tables.groups.c
            found = groups.first(
                self._connection, rows.domain_id == domain_id, rows.name == wanted.name
            )
        if found is None:
            _log.info("%s names a group that is not here", self._provider.id)
        return "" if found is None else found.id

    def project(self, user: User, wanted: MappedProject) -> None:
        """The project, made when it is not there, and the user's roles on it."""
        name, domain_id = wanted.name.strip(), self._domain_id(wanted.domain)
        if not domain_id or not name or len(name) > NAME_CHARACTERS_MAX:
            _log.warning("%s names a project that cannot be", self._provider.id)
            return
        rows = tables.projects.c
        project = projects.first(
            self._connection, rows.domain_id == domain_id, rows.name == name
        )
        if project is None:
            project = Project(
                self._parts.identifiers.hexadecimal(), name, domain_id, domain_id
            )
            projects.insert(self._connection, project)
            self._note("federation.project", project.id)
        for role_name in wanted.roles:
            known = tables.roles.c
            role = roles.first(
                self._connection, known.name == role_name, known.domain_id == ""
            )
            if role is None:
                _log.warning("%s names a role that is not here", self._provider.id)
                continue
            given = Assignment(USER, user.id, PROJECT, project.id, role.id, False)
            assignments.add(self._connection, given)

    def _domain_id(self, place: Place) -> str:
        if not place.id and not place.name:
            return self._provider.domain_id
        found = find.domain(self._connection, place.id, place.name)
        return "" if found is None else found.id
