"""How the tests are spread over the processes of a parallel run."""

from __future__ import annotations

import os
from typing import Any

import pytest

from test.scheduling import put_in_order, scheduler


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        put_in_order(items)
