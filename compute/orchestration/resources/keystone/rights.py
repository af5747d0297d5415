"""Rights: ``OS::Keystone::UserRoleAssignments``, and the same of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compute.orchestration.errors import Invalid
from compute.orchestration.frame.properties import Schema
from compute.orchestration.frame.resource_type import Change, ResourceType
from compute.orchestration.frame.work import Cloud, Work
from compute.orchestration.resources.frame.finding import IDENTITY, find
from compute.orchestration.resources.frame.schemas import items, text
from objectstore.kernel.errors import Unavailable

ROLES = "roles"
GIVEN: Schema = {
    "role": text("Which role", required=True, is_a="keystone.role"),
    "project": text("In which project", is_a="keystone.project"),
    "domain": text("In which domain", is_a="keystone.domain"),
}
Right = Mapping[str, Any]
# In a resource's data: the rights that it has given, by their paths.
_OWN = "rights"


def settle(
    work: Work,
    subject: tuple[str, str],
    before: Sequence[Right],
    after: Sequence[Right],
) -> None:
    """Give and take rights; ``subject``: ``users`` or ``groups``, and an id.  The same
    when it is done twice.

    What the subject may do already is not the stack's to take away: what it gives is
    noted before it is given, and nothing else is ever taken.  (Of resources from before
    there were such notes, all that their template said is theirs.)
    """
    cloud, noted = work.cloud, work.data.get(_OWN)
    if noted is None:
        own = {_path(cloud, subject, each) for each in before}
    else:
        own = {tuple(path) for path in noted}
    wanted = {_path(cloud, subject, each) for each in after}
    own |= {path for path in wanted - own if not _has(cloud, path)}
    work.remember(**{_OWN: sorted(own)})
    for path in sorted(own & wanted):
        cloud.put(IDENTITY, *path, body=None)
    for path in sorted(own - wanted):
        cloud.delete(IDENTITY, *path)
    work.remember(**{_OWN: sorted(own & wanted)})


def _has(cloud: Cloud, path: tuple[str, ...]) -> bool:
    status, _, _ = cloud.raw(IDENTITY, "HEAD", "/" + "/".join(path))
    if status >= 500:
        raise Unavailable(f"identity answered {status}")
    return status < 300


def _path(cloud: Cloud, subject: tuple[str, str], right: Right) -> tuple[str, ...]:
    place = "project" if right["project"] else "domain"
    where = find(cloud, f"keystone.{place}", right[place])
    role = find(cloud, "keystone.role", right["role"])
    return (f"{place}s", where, *subject, "roles", role)


class UserRoleAssignments(ResourceType):
    """Rights of a user who is not of the stack."""

    name = "OS::Keystone::UserRoleAssignments"
    description = "What a user may do."
    who = "user"
    properties = {
        "user": text("Who", required=True, is_a="keystone.user"),
        "roles": items("What he may do", GIVEN, live=True),
    }

    def validate(self, properties: Mapping[str, Any]) -> None:
        """Each right is somewhere."""
        rights = properties[ROLES]
        for each in rights if isinstance(rights, list) else ():
            if isinstance(each, Mapping) and not each["project"] and not each["domain"]:
                raise Invalid("roles: one of project and domain is needed")

    def create(self, work: Work) -> None:
        """Give them."""
        subject = find(work.cloud, f"keystone.{self.who}", work.properties[self.who])

        def give() -> str:
            settle(work, (f"{self.who}s", subject), [], _rights(work.properties))
            return f"{subject}:{work.marker}"

        work.made(give)

    def update(self, work: Work, change: Change) -> None:
        """Give and take."""
        before, after = _rights(change.before), _rights(change.after)
        settle(work, self._subject(work), before, after)

    def delete(self, work: Work) -> None:
        """Take them."""
        if not work.physical_id:
            return
        kind, identifier = self._subject(work)
        if work.cloud.find(IDENTITY, kind, identifier) is not None:
            settle(work, (kind, identifier), _rights(work.properties), [])

    def _subject(self, work: Work) -> tuple[str, str]:
        return f"{self.who}s", work.physical_id.partition(":")[0]


def _rights(properties: Mapping[str, Any]) -> list[Right]:
    return list(properties[ROLES] or ())


class GroupRoleAssignments(UserRoleAssignments):
    """Rights of a group that is not of the stack."""

    name = "OS::Keystone::GroupRoleAssignments"
    description = "What a group's users may do."
    who = "group"
    properties = {
        "group": text("Who", required=True, is_a="keystone.group"),
        "roles": items("What its users may do", GIVEN, live=True),
    }


TYPES = (UserRoleAssignments(), GroupRoleAssignments())
