"""Gnocchi's own gabbi files: each request to its API, and what has to come."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from test.conformance.gnocchi.basic_door import BasicDoor
from test.conformance.pytest_suite import PYTEST, PytestSuite
from test.conformance.suite import Stage

LIVE = Path(__file__).parents[1] / "gnocchi" / "live_gabbits.py"
PEOPLE = ("foobar", "foobaz", "jd", "pasta")
PAGE = "7"


class GnocchiSuite(PytestSuite):
    """By pytest, through the door for those who say their names only."""

    def configure(self, stage: Stage) -> None:
        """The file that pytest runs."""
        shutil.copy(LIVE, stage.directory / "test_gabbits.py")

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the files are, and where the service."""
        functional = stage.environment.package("gnocchi") / "tests" / "functional"
        door = BasicDoor(stage.cloud, PEOPLE)
        return {
            "GABBITS": str(functional / "gabbits"),
            "METRIC_URL": f"{door.url}/metric",
            "METRIC_TOKEN": stage.cloud.token(),
        }

    def tests(self, stage: Stage) -> list[str]:
        """The one file."""
        return [str(stage.directory / "test_gabbits.py")]


SUITE = GnocchiSuite(
    "gnocchi",
    "measures: Gnocchi's own gabbi files",
    ("gnocchi==4.7.1", "gabbi==4.2.3", PYTEST),
    sections={
        # Nothing but what the files make.
        "metric": {"interval": "0", "stock_interval": "0", "page_max": PAGE},
        # They make resources of projects that are nobody's.
        "policy:metric": {"create resource of others": "role:member"},
    },
)
