"""python-heatclient's functional tests: ``openstack stack ...``, and ``heat``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage


class HeatClientSuite(PytestSuite):
    """The administrator's."""

    def configure(self, stage: Stage) -> None:
        """All is in variables."""

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Who asks (the project under its older name too), and where the commands
        are."""
        variables = stage.cloud.environment()
        return {
            **variables,
            "OS_TENANT_NAME": variables["OS_PROJECT_NAME"],
            "OS_HEATCLIENT_EXEC_DIR": str(stage.environment.directory / "bin"),
        }

    def root(self, stage: Stage) -> Path:
        """Where the client is installed, with its tests."""
        return stage.environment.package("heatclient").parent

    def tests(self, stage: Stage) -> list[str]:
        """Those that ask a service."""
        return [str(self.root(stage) / "heatclient" / "tests" / "functional")]


SUITE = HeatClientSuite(
    "heatclient",
    "stacks by commands: python-heatclient's functional tests",
    (
        "python-heatclient==5.3.0",
        "python-openstackclient==10.5.0",
        "tempest==47.0.0",
        PYTEST,
    ),
)
