"""python-openstackclient's functional tests: each starts the command several times."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from test.conformance.people import settle, write_clouds
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage

# Identity v2, volume v2 and accelerators are not here.
ROOMS = (
    "common",
    "compute/v2",
    "identity/v3",
    "image/v2",
    "network/v2",
    "object/v1",
    "volume/v3",
)


class OpenStackClient(PytestSuite):
    """The command reads ``clouds.yaml`` where it is started."""

    def configure(self, stage: Stage) -> None:
        """People, and what they have."""
        settle(stage.cloud, stage.directory)
        write_clouds(stage.cloud, stage.directory)

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """The tests call ``openstack`` by its name alone."""
        programs = stage.environment.directory / "bin"
        return {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def root(self, stage: Stage) -> Path:
        """Where the client is installed, with its tests."""
        return stage.environment.package("openstackclient").parent

    def tests(self, stage: Stage) -> list[str]:
        """The rooms that there are."""
        functional = self.root(stage) / "openstackclient" / "tests" / "functional"
        return [str(functional / room) for room in ROOMS]


SUITE = OpenStackClient(
    "openstackclient",
    "the openstack command: python-openstackclient's functional tests",
    (
        "python-openstackclient==10.5.0",
        PYTEST,
        "ddt",
        "fixtures",
        "requests-mock",
        "tempest",
        "testtools",
    ),
)
