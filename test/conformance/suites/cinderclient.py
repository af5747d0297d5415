"""python-cinderclient's functional tests: the ``cinder`` command, which many scripts
still call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from test.conformance.people import settle
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage


class CinderClientSuite(PytestSuite):
    """The administrator's."""

    def configure(self, stage: Stage) -> None:
        """What volumes are made of."""
        settle(stage.cloud, stage.directory)

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Who asks, and where the command is."""
        return {
            **stage.cloud.environment(),
            "OS_VOLUME_API_VERSION": "3",
            "OS_CINDERCLIENT_EXEC_DIR": str(stage.environment.directory / "bin"),
        }

    def root(self, stage: Stage) -> Path:
        """Where the client is installed, with its tests."""
        return stage.environment.package("cinderclient").parent

    def tests(self, stage: Stage) -> list[str]:
        """Those that ask a service."""
        return [str(self.root(stage) / "cinderclient" / "tests" / "functional")]


SUITE = CinderClientSuite(
    "cinderclient",
    "volumes by the cinder command: python-cinderclient's functional tests",
    ("python-cinderclient==9.10.0", "tempest==47.0.0", "ddt", PYTEST),
)
