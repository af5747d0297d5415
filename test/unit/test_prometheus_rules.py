"""Rules for Prometheus are sound, and speak of series that are documented."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from compute.app import figures
from test.prometheus_rules import DIRECTORY, groups, series

DOC = Path(__file__).resolve().parent.parent.parent / "doc"


def test_each_series_is_documented() -> None:
    told = (DOC / "api" / "admin.md").read_text("utf-8") + str(figures.__doc__)
    for group in groups():
        for name in series(group):
            assert name.removesuffix("_bucket") in told, name


def test_each_rule_is_explained() -> None:
    page = (DOC / "monitoring.md").read_text("utf-8")
    for rules in groups().values():
        for rule in rules:
            assert f"`{rule['alert']}`" in page, rule["alert"]
            assert rule["labels"]["severity"] in ("critical", "warning")
            assert rule["annotations"]["summary"]


def test_prometheus_understands_them() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (package prometheus) is not installed")
    for words in (["check", "rules", "rules.yml"], ["test", "rules", "rules-test.yml"]):
        ended = subprocess.run(
            [promtool, *words], cwd=DIRECTORY, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
