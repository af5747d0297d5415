"""A cloud with nothing but identity and the object store, and people in it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from openstack.connection import Connection

from test.functional.compute.house import RunningCloud, running_cloud

_numbers = itertools.count(1)
CACHE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Member:
    """A user with a role on a project of his own."""

    name: str
    password: str
    user_id: str
    project_id: str
    project_name: str

    @property
    def environment(self) -> dict[str, str]:
        """As ``RunningCloud.environment`` takes changes."""
        return {
            "username": self.name,
            "password": self.password,
            "project_name": self.project_name,
        }


@pytest.fixture(scope="session")
def identity_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    directory = tmp_path_factory.mktemp("identity")
    settings = {"identity": {"lockout_failures": "3"}}
    with running_cloud(directory, settings, roles=("identity",)) as running:
        yield running


@pytest.fixture(scope="session")
def admin(identity_cloud: RunningCloud) -> Iterator[Connection]:
    """The administrator's SDK connection."""
    with identity_cloud.sdk() as connection:
        yield connection


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return f"{worker}-{next(_numbers)}"


@pytest.fixture
def member(admin: Connection, name: str) -> Member:
    """Somebody with the role member."""
    return make_member(admin, name)


def make_member(admin: Connection, name: str, role: str = "member") -> Member:
    """A new user with a role on a new project."""
    project = admin.identity.create_project(name=f"{name}-project", domain_id="default")
    user = admin.identity.create_user(name=name, password="open sesame")
    found = admin.identity.find_role(role)
    admin.identity.assign_project_role_to_user(project, user, found)
    return Member(name, "open sesame", user.id, project.id, project.name)
