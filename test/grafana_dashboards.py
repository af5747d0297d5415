"""The dashboards in etc/grafana, and of which series they speak."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).resolve().parent.parent / "etc" / "grafana"
_SERIES = re.compile(r"\bringstack_\w+")
# What Grafana puts in before it asks Prometheus.
_VARIABLES = {"$__rate_interval": "1m", "$job": "ringstack-.+", "$instance": ".+"}


def dashboard() -> dict[str, Any]:
    """As it is imported."""
    found: dict[str, Any] = json.loads(
        (DIRECTORY / "ringstack.json").read_text("utf-8")
    )
    return found


def panels() -> list[dict[str, Any]]:
    """What has figures: rows are headings."""
    return [each for each in dashboard()["panels"] if each["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Titles of panels, and what Prometheus is asked for them."""
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in _VARIABLES.items():
                text = text.replace(name, value)
            yield panel["title"], text


def series() -> set[str]:
    """Whose samples are shown."""
    return {name for _, text in expressions() for name in _SERIES.findall(text)}
