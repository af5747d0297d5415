"""``OS::Keystone::Project``, ``User``, ``Group``, ``Role``.

Whether the stack's owner may make them is identity's own rules' affair.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compute.orchestration.frame.resource_type import Change
from compute.orchestration.frame.work import Work
from compute.orchestration.resources.frame.finding import IDENTITY, find
from compute.orchestration.resources.frame.schemas import (
    a_flag,
    attributes,
    flag,
    items,
    text,
    texts,
)
from compute.orchestration.resources.frame.things import Thing
from compute.orchestration.resources.keystone.rights import GIVEN, settle

ROLES, GROUPS = "roles", "groups"
_DOMAIN = text("In which domain", "default", is_a="keystone.domain")
_ON = flag("Whether it is switched on", True, live=True)


class IdentityThing(Thing):
    """A thing of the identity room, perhaps with rights (``roles``)."""

    patches = True
    fields = {"domain": "domain_id"}
    aside = frozenset({ROLES, GROUPS})
    who = ""

    def is_created(self, work: Work) -> bool:
        """It, and what it may do."""
        super().is_created(work)
        self._bestow(work, {})
        return True

    def update(self, work: Work, change: Change) -> None:
        """Fields and rights."""
        super().update(work, change)
        self._bestow(work, change.before)

    def _bestow(self, work: Work, before: Mapping[str, Any]) -> None:
        if ROLES in self.properties:
            subject = (self.who, work.physical_id)
            after = work.properties[ROLES] or []
            settle(work, subject, before.get(ROLES) or [], after)


class Project(IdentityThing):
    """A project."""

    name = "OS::Keystone::Project"
    description = "A project."
    shelf = "keystone.project"
    fields = {"domain": "domain_id", "parent": "parent_id"}
    properties = {
        "name": text("Its name", live=True),
        "domain": _DOMAIN,
        "description": text("What it is for", "", live=True),
        "enabled": _ON,
        "parent": text("Below which project", is_a="keystone.project"),
        "tags": texts("Tags to put on it", [], live=True),
    }
    attributes = attributes(
        name="Its name",
        parent_id="Below which project",
        domain_id="In which domain",
        enabled=a_flag("Whether it is switched on"),
        is_domain=a_flag("Whether it is a domain"),
    )


class Role(IdentityThing):
    """A role."""

    name = "OS::Keystone::Role"
    description = "A role."
    shelf = "keystone.role"
    properties = {
        "name": text("Its name", live=True),
        "domain": text("Of which domain alone", is_a="keystone.domain"),
    }
    attributes = attributes(name="Its name")


class User(IdentityThing):
    """A user, his rights, his groups."""

    name = "OS::Keystone::User"
    description = "A user, and what he may do."
    shelf = "keystone.user"
    who = "users"
    fields = {"domain": "domain_id", "default_project": "default_project_id"}
    properties = {
        "name": text("His name", live=True),
        "domain": _DOMAIN,
        "description": text("Who he is", "", live=True),
        "enabled": _ON,
        "email": text("His address", live=True),
        "password": text("His password", live=True, secret=True),
        "default_project": text(
            "Where he works, if he says nothing", live=True, is_a="keystone.project"
        ),
        "roles": items("What he may do", GIVEN, live=True),
        "groups": texts("His groups", live=True, is_a="keystone.group"),
    }
    attributes = attributes(
        name="His name",
        default_project_id="Where he works",
        domain_id="In which domain",
        enabled=a_flag("Whether he may log in"),
    )

    def _bestow(self, work: Work, before: Mapping[str, Any]) -> None:
        super()._bestow(work, before)
        after, former = work.properties[GROUPS] or [], before.get(GROUPS) or []
        for given in sorted({*former, *after}):
            group = find(work.cloud, "keystone.group", given)
            path = ("groups", group, "users", work.physical_id)
            if given in after:
                work.cloud.put(IDENTITY, *path, body=None)
            else:
                work.cloud.delete(IDENTITY, *path)


class Group(IdentityThing):
    """A group of users, and their rights."""

    name = "OS::Keystone::Group"
    description = "A group of users, and what they may do."
    shelf = "keystone.group"
    who = "groups"
    properties = {
        "name": text("Its name", live=True),
        "domain": _DOMAIN,
        "description": text("What it is for", "", live=True),
        "roles": items("What its users may do", GIVEN, live=True),
    }
    attributes = attributes(name="Its name", domain_id="In which domain")


TYPES = (Project(), Role(), User(), Group())
