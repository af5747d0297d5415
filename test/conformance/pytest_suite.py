"""A suite that pytest runs; results come in its XML."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from test.conformance.suite import Selection, Stage, Suite

RESULTS = "results.xml"
PYTEST = "pytest==9.0.2"
# pytest's exit status for arguments that it cannot understand.
USAGE_ERROR = 4


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

    def wrong_pattern(self, pattern: str) -> str:
        """As pytest says of an expression for ``-k``, asked with no tests."""
        with TemporaryDirectory() as empty:
            asked = subprocess.run(
                [
                    *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                    *("-c", os.devnull, "--rootdir", empty, "-k", pattern, empty),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        if asked.returncode != USAGE_ERROR:
            return ""
        return asked.stderr.strip().removeprefix("ERROR: ")

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
