"""The dashboard for Grafana can be imported, and speaks of series that there are."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from compute.app import figures
from test.grafana_dashboards import dashboard, expressions, panels, series

DOC = Path(__file__).resolve().parent.parent.parent / "doc"
# Of Grafana's grid.
COLUMNS = 24


def test_it_has_what_grafana_asks_of_one() -> None:
    found = dashboard()
    assert found["uid"] and found["title"] and found["schemaVersion"] >= 36
    numbers = [panel["id"] for panel in found["panels"]]
    assert len(set(numbers)) == len(numbers)
    for panel in panels():
        assert panel["title"] and panel["description"], panel
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_it_works_with_any_prometheus() -> None:
    """Whoever imports it chooses the source; none of ours is written into it."""
    names = [each["name"] for each in dashboard()["templating"]["list"]]
    assert names == ["datasource", "job", "instance"]
    sources = [each["datasource"]["uid"] for panel in panels()
               for each in (panel, *panel["targets"])]  # fmt: skip
    assert set(sources) == {"${datasource}"}


def test_no_panel_lies_on_another() -> None:
    places = [panel["gridPos"] for panel in dashboard()["panels"]]
    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or above)


def test_each_series_is_documented() -> None:
    told = (DOC / "api" / "admin.md").read_text("utf-8") + str(figures.__doc__)
    for name in series():
        stem = name
        for ending in ("_bucket", "_sum", "_count"):
            stem = stem.removesuffix(ending)
        shortened = stem.replace("ringstack_replication", "...")
        assert stem in told or shortened in told, name


def test_prometheus_understands_what_it_is_asked(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (package prometheus) is not installed")
    rules = [
        {"record": f"panel:{number}", "expr": text}
        for number, (_, text) in enumerate(expressions())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    ended = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
