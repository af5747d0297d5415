"""The rules in etc/prometheus, and of which series they speak."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

DIRECTORY = Path(__file__).resolve().parent.parent / "etc" / "prometheus"
_SERIES = re.compile(r"\bringstack_\w+")


def groups() -> dict[str, list[dict[str, Any]]]:
    """Rules by the name of their group."""
    found = yaml.safe_load((DIRECTORY / "rules.yml").read_text("utf-8"))
    return {each["name"]: each["rules"] for each in found["groups"]}


def series(group: str) -> set[str]:
    """Whose samples the group's rules look at."""
    return {name for rule in groups()[group] for name in _SERIES.findall(rule["expr"])}
