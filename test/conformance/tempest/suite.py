"""Tempest, or a plugin of it: run by stestr, a class of tests after another.

A plugin's module says which release, which tests, and the sections of ``tempest.conf``
that only the plugin knows::

    SUITE = TempestSuite(
        "octavia-tempest", "load balancers", ("octavia-tempest-plugin==2.10.0",),
        pattern=r"^octavia_tempest_plugin\\.tests\\.api", added=lambda stage: {...},
    )
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from test.conformance.cloud import furnish
from test.conformance.suite import Selection, Stage, Suite
from test.conformance.tempest.configuration import Configuration, as_text, configuration
from test.functional.compute.house import Sections

TEMPEST = "tempest==47.0.0"
# Turns stestr's own results into the common form.
RESULTS_FORM = "junitxml==0.7"
FILE = "tempest.conf"
RESULTS = "results.xml"
TEST_SECONDS_MAX = 600
# Tests of one class share what the class has made: they stay in one process.
CLASS_OF_TEST = r"([^\.]*\.)*"


def nothing(stage: Stage) -> Configuration:
    """No further sections."""
    return {}


class TempestSuite(Suite):
    """``added``: options of ``tempest.conf`` beyond the common ones; they win."""

    def __init__(
        self,
        name: str,
        summary: str,
        plugins: tuple[str, ...] = (),
        *,
        pattern: str,
        added: Callable[[Stage], Configuration] = nothing,
        sections: Sections | None = None,
        is_real: bool = False,
    ) -> None:
        super().__init__(
            name,
            summary,
            (TEMPEST, RESULTS_FORM, *plugins),
            pattern=pattern,
            sections=sections,
            is_real=is_real,
        )
        self._added = added

    def configure(self, stage: Stage) -> None:
        """Furnish the cloud and write ``tempest.conf``."""
        furniture = furnish(
            stage.cloud, stage.directory / "guest", is_real=stage.is_real
        )
        sections = configuration(stage, furniture)
        for name, options in self._added(stage).items():
            sections[name] = {**sections.get(name, {}), **options}
        (stage.directory / FILE).write_text(as_text(sections), "utf-8")
        tests = stage.environment.package("tempest")
        (stage.directory / ".stestr.conf").write_text(
            "[DEFAULT]\n"
            f"test_path={tests / 'test_discover'}\n"
            f"top_dir={tests.parent}\n"
            f"group_regex={CLASS_OF_TEST}\n",
            "utf-8",
        )

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """Where the configuration is."""
        programs = stage.environment.directory / "bin"
        return {
            "TEMPEST_CONFIG_DIR": str(stage.directory),
            "TEMPEST_CONFIG": FILE,
            "OS_TEST_TIMEOUT": str(TEST_SECONDS_MAX),
            # stestr starts Python by its name.
            "PATH": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
        }

    def command(self, stage: Stage, selection: Selection) -> list[str]:
        """stestr with the pattern."""
        stestr = stage.environment.program("stestr")
        workers = ["--concurrency", str(selection.concurrency)]
        return [stestr, "run", *workers, selection.pattern]

    def results(self, stage: Stage) -> Path:
        """What stestr has stored of the run, in the common form."""
        variables = dict(self.variables(stage))
        stored = subprocess.run(
            [stage.environment.program("stestr"), "last", "--subunit"],
            cwd=stage.directory,
            env=variables,
            capture_output=True,
            check=False,
        )
        path = stage.directory / RESULTS
        # Its status tells that tests failed, which we are about to find out.
        subprocess.run(
            [stage.environment.program("subunit2junitxml"), "-o", str(path)],
            input=stored.stdout,
            env=variables,
            capture_output=True,
            check=False,
        )
        return path
