"""python-novaclient's functional tests: the ``nova`` command, and its library."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from test.conformance.people import NETWORK, Person, settle
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage

CLOUD, CLOUDS = "functional_admin", "clouds.yaml"


class NovaClientSuite(PytestSuite):
    """The administrator's, in the project that has a network."""

    def configure(self, stage: Stage) -> None:
        """Flavors, an image and a network; the cloud by the name that is looked for."""
        settle(stage.cloud, stage.directory)
        person = Person("admin", stage.cloud.place.admin_password, "demo")
        cloud = person.cloud(f"{stage.cloud.url}/identity/v3")
        path = stage.directory / CLOUDS
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump({"clouds": {CLOUD: cloud}}), "utf-8")

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the cloud is described, which network servers are on, and where the
        command is, which takes domains and region from the environment."""
        variables = stage.cloud.environment()
        return {
            "OS_CLIENT_CONFIG_FILE": str(stage.directory / CLOUDS),
            "OS_NOVACLIENT_NETWORK": NETWORK,
            "OS_NOVACLIENT_EXEC_DIR": str(stage.environment.directory / "bin"),
            # Read, though the line above is what counts.
            "TOX_ENV_DIR": str(stage.environment.directory),
            "OS_TEST_TIMEOUT": "300",
            **{
                name: variables[name]
                for name in (
                    "OS_USER_DOMAIN_ID",
                    "OS_PROJECT_DOMAIN_ID",
                    "OS_REGION_NAME",
                )
            },
        }

    def root(self, stage: Stage) -> Path:
        """Where the client is installed, with its tests."""
        return stage.environment.package("novaclient").parent

    def tests(self, stage: Stage) -> list[str]:
        """Those that ask a service."""
        return [str(self.root(stage) / "novaclient" / "tests" / "functional")]


SUITE = NovaClientSuite(
    "novaclient",
    "servers by the nova command: python-novaclient's functional tests",
    (
        "python-novaclient==18.13.1",
        "openstacksdk==4.22.0",
        "tempest==47.0.0",
        "ddt",
        "fixtures",
        "testscenarios",
        "testtools",
        PYTEST,
    ),
)
