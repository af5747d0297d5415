"""What a suite is: something to install, a configuration, a command, its results.

A module in ``suites`` makes one and calls it ``SUITE``.  Most are a ``TempestSuite``
(tempest and its plugins) or a ``PytestSuite`` (anything that pytest can run).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from test.conformance.cloud import conformance_cloud
from test.conformance.environments import Environment
from test.functional.compute.house import RunningCloud, Sections


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a suite runs.

    ``directory``: the suite's own, for its configuration and results.  ``is_real``:
    guests run, under QEMU; otherwise hosts are simulated.
    """

    cloud: RunningCloud
    environment: Environment
    directory: Path
    is_real: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the tests: those whose id has a match of ``pattern``."""

    pattern: str
    concurrency: int


class Suite(ABC):
    """One of the field's suites.

    ``name``: what it is called on the command line, and its list of exceptions.
    ``requirements``: what pip installs for it, at fixed versions, so that a run today
    and one next year are the same.  ``pattern``: which tests run when none are named.
    ``sections``: options of the cloud's settings that the suite needs.  ``is_real``:
    it logs in to guests, so they have to run.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        requirements: tuple[str, ...],
        *,
        pattern: str = "",
        sections: Sections | None = None,
        is_real: bool = False,
    ) -> None:
        self.name = name
        self.summary = summary
        self.requirements = requirements
        self.pattern = pattern
        self.sections = sections or {}
        self.is_real = is_real

    def wrong_pattern(self, pattern: str) -> str:
        """What is wrong with it, before anything is made for a run; "" when nothing
        is.  A regular expression, where the suite's runner takes no other."""
        try:
            re.compile(pattern)
        except re.error as error:
            return str(error)
        return ""

    def running(
        self, directory: Path, *, is_real: bool
    ) -> AbstractContextManager[RunningCloud]:
        """What is under test: a new cloud in that directory, while it is used."""
        return conformance_cloud(directory, self.sections, is_real=is_real)

    @abstractmethod
    def configure(self, stage: Stage) -> None:
        """Write what the suite reads, and make in the cloud what it expects there."""

    @abstractmethod
    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Environment variables of the command."""

    @abstractmethod
    def command(self, stage: Stage, selection: Selection) -> list[str]:
        """What runs the selected tests, in the stage's directory."""

    @abstractmethod
    def results(self, stage: Stage) -> Path:
        """After the command: how each test ended, in JUnit's XML."""
