"""Every option of every filter is in its manual page and in the reference."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from objectstore.kernel.settings import options_of
from objectstore.middleware.order import FULL_PIPELINE

REFERENCE = Path(__file__).resolve().parents[3] / "doc" / "api" / "filters.md"


def options(module: ModuleType) -> list[str]:
    return [
        item.name
        for kind in vars(module).values()
        if isinstance(kind, type)
        and dataclasses.is_dataclass(kind)
        and kind.__module__ == module.__name__
        and kind.__name__.endswith("Settings")
        for item in options_of(kind)
    ]


# The S3 face has a reference page of its own, doc/api/s3.md.
S3_FILTERS = {"s3", "s3_guard"}


@pytest.mark.parametrize("name", sorted(set(FULL_PIPELINE) - S3_FILTERS))
def test_options_are_documented(name: str) -> None:
    module = importlib.import_module(f"objectstore.middleware.{name}")
    page = module.__doc__ or ""
    assert page.startswith(f"{name}: ")
    assert f"[filter:{name}]\n    use = egg:ringstack#{name}\n" in page
    lines = REFERENCE.read_text().splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{name}` |")]
    for option in options(module):
        assert f"    {option} =" in page, option
        assert f"`{option}`" in row, option
