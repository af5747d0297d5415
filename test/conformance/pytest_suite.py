"""A suite that pytest runs; results come in its XML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from test.conformance.suite import Selection, Stage, Suite

RESULTS = "results.xml"
PYTEST = "pytest==9.0.2"


class PytestSuite(Suite):
    """Give it ``configure``, ``variables`` and where its tests are.

    A suite of it wants ``PYTEST`` among its requirements.
    """

    def tests(self, stage: Stage) -> list[str]:
        """Files and directories for pytest."""
        raise NotImplementedError

    def root(self, stage: Stage) -> Path:
        """The directory from which tests are named."""
        return stage.directory

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """The administrator's ``OS_`` variables."""
        return stage.cloud.environment()

    def command(self, stage: Stage, selection: Selection) -> list[str]:
        """pytest; the pattern is one of its ``-k`` expressions."""
        chosen = ["-k", selection.pattern] if selection.pattern else []
        return [
            stage.environment.program("python"),
            *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--rootdir", str(self.root(stage))),
            f"--junitxml={stage.directory / RESULTS}",
            *chosen,
            *self.tests(stage),
        ]

    def results(self, stage: Stage) -> Path:
        """Written by pytest itself."""
        return stage.directory / RESULTS
