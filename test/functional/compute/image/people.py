"""Two ordinary users in projects of their own, made by the administrator."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from openstack.connection import Connection

from test.functional.compute.house import RunningCloud

PASSWORD = "a user's own password"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """A member of one project."""

    cloud: RunningCloud
    name: str
    project_id: str

    @property
    def environment(self) -> dict[str, str]:
        """What the command reads."""
        return self.cloud.environment(**self._changes)

    @property
    def sdk(self) -> Connection:
        return self.cloud.sdk(**self._changes)

    @property
    def token(self) -> str:
        return self.cloud.token(**self._changes)

    @property
    def _changes(self) -> dict[str, str]:
        return {
            "username": self.name,
            "password": PASSWORD,
            "project_name": self.name,
        }


def new_person(cloud: RunningCloud) -> Person:
    """A new user with the role member in a new project of the same name."""
    name = f"person-{next(_numbers)}"
    admin = cloud.sdk()
    project = admin.identity.create_project(name=name, domain_id="default")
    user = admin.identity.create_user(name=name, password=PASSWORD, domain_id="default")
    role = admin.identity.find_role("member")
    admin.identity.assign_project_role_to_user(project, user, role)
    return Person(cloud, name, project.id)
