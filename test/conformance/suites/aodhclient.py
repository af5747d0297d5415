"""aodhclient's functional tests: its commands, as their authors use them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage

CLOUD = "conformance"
CLOUDS = "clouds.json"


class AodhClientSuite(PytestSuite):
    """The administrator's."""

    def configure(self, stage: Stage) -> None:
        """A file of clouds (YAML knows JSON)."""
        variables = stage.cloud.environment()
        auth = {
            name: variables[f"OS_{name.upper()}"]
            for name in (
                "auth_url",
                "username",
                "password",
                "project_name",
                "user_domain_id",
                "project_domain_id",
            )
        }
        cloud = {"auth": auth, "region_name": variables["OS_REGION_NAME"]}
        path = stage.directory / CLOUDS
        path.write_text(json.dumps({"clouds": {CLOUD: cloud}}), "utf-8")

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the commands are, and where the services."""
        return {
            "OS_CLIENT_CONFIG_FILE": str(stage.directory / CLOUDS),
            "OS_ADMIN_CLOUD": CLOUD,
            "AODH_CLIENT_EXEC_DIR": str(stage.environment.directory / "bin"),
            "AODH_ENDPOINT": f"{stage.cloud.url}/alarming",
            "GNOCCHI_ENDPOINT": f"{stage.cloud.url}/metric",
        }

    def tests(self, stage: Stage) -> list[str]:
        """Those that ask a service."""
        tests = stage.environment.package("aodhclient") / "tests"
        return [str(tests / "functional")]


SUITE = AodhClientSuite(
    "aodhclient",
    "alarms: the functional tests of aodhclient",
    ("aodhclient==3.12.0", "openstacksdk==4.22.0", "tempest==47.0.0", PYTEST),
)
