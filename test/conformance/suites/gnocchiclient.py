"""gnocchiclient's functional tests: its commands, as their authors use them."""

from __future__ import annotations

from collections.abc import Mapping

from test.conformance.gnocchi.basic_door import BasicDoor
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage


class GnocchiClientSuite(PytestSuite):
    """They say no more than ``--user admin``."""

    def configure(self, stage: Stage) -> None:
        """All is in variables."""

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the commands are, and where the service."""
        door = BasicDoor(stage.cloud, ())
        return {
            "GNOCCHI_CLIENT_EXEC_DIR": str(stage.environment.directory / "bin"),
            "PIFPAF_GNOCCHI_HTTP_URL": f"{door.url}/metric",
        }

    def tests(self, stage: Stage) -> list[str]:
        """Those that ask a service."""
        tests = stage.environment.package("gnocchiclient") / "tests"
        return [str(tests / "functional")]


SUITE = GnocchiClientSuite(
    "gnocchiclient",
    "measures: the functional tests of gnocchiclient",
    ("gnocchiclient==7.2.0", "python-openstackclient==10.5.0", PYTEST),
)
