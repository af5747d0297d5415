"""A cloud with everything that a browser may be shown, and people who use it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compute.agent.disks.qcow2 import empty_image
from test.fakes.oidc_provider import OidcProvider, running_provider
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.compute.federated import furnish, operators_file
from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud
from test.functional.harness.browser import chromium

ROLES = (
    *SIMULATED,
    "load-balancer",
    "balancer-agent",
    "orchestration",
    "metric",
    "alarming",
    "key-manager",
    "dashboard",
)
SECTIONS = {
    "volume": {"driver": "memory", "ends_with_us": "yes"},
    "balancer-agent": {"driver": "sim"},
    # Tests tell of a server what the agent might have told of it a moment before.
    "metric": {"interval": "0"},
}
PASSWORD = "a password of nobody else"
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Shown:
    """The cloud, and where its dashboard is."""

    cloud: RunningCloud

    @property
    def url(self) -> str:
        return f"{self.cloud.url}/dashboard"

    def person(self, name: str, role: str = "member") -> Any:
        """Somebody with a project of the same name; as seen by the SDK."""
        admin = self.cloud.sdk()
        project = admin.identity.create_project(name=name)
        user = admin.identity.create_user(
            name=name, password=PASSWORD, default_project_id=project.id
        )
        found = admin.identity.find_role(role)
        admin.identity.assign_project_role_to_user(project, user, found)
        return self.cloud.sdk(username=name, password=PASSWORD, project_name=name)


@pytest.fixture(scope="session")
def provider() -> Iterator[OidcProvider]:
    """Somebody who knows people."""
    with running_provider() as found:
        yield found


@pytest.fixture(scope="session")
def shown(
    tmp_path_factory: pytest.TempPathFactory, provider: OidcProvider
) -> Iterator[Shown]:
    directory: Path = tmp_path_factory.mktemp("dashboard")
    file = operators_file(directory, provider)
    sections = {**SECTIONS, "identity": {"federation_file": str(file)}}
    with running_cloud(directory / "c", sections, roles=ROLES) as cloud:
        furnish(cloud, directory)
        admin = cloud.sdk()
        admin.create_flavor("m1.small", ram=512, vcpus=1, disk=1)
        admin.create_flavor("m1.large", ram=1024, vcpus=2, disk=2)
        disk = directory / "tiny.qcow2"
        disk.write_bytes(empty_image(GIB))
        admin.create_image(
            "tiny", filename=str(disk), disk_format="qcow2",
            container_format="bare", visibility="public", wait=True,
        )  # fmt: skip
        yield Shown(cloud)


@pytest.fixture(scope="session")
def ann(shown: Shown) -> Any:
    """A member of one project."""
    return shown.person("ann")


@pytest.fixture
def surfer(shown: Shown, tmp_path: Path) -> Iterator[Surfer]:
    """A browser that nobody has signed in with; it has complained of nothing."""
    if chromium() is None:
        pytest.skip("no Chromium here (Debian: chromium)")
    found = Surfer(tmp_path, shown.url)
    try:
        yield found
        found.evaluate("1")
        assert not found.complaints
    finally:
        found.close()
