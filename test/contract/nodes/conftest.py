"""Every implementation of the three protocols, as fixtures.

A test that takes ``object_node`` (``container_node``, ``account_node``) runs
once over each.  To put a new implementation under the suite, add its maker to
the tables in ``implementations.py``: that is all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from test.contract.nodes import implementations
from test.contract.nodes.remote import Wiring


@pytest.fixture(params=sorted(implementations.OBJECT))
def object_node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield implementations.OBJECT[request.param](tmp_path, stack)


@pytest.fixture(params=sorted(implementations.CONTAINER))
def container_node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield implementations.CONTAINER[request.param](tmp_path, stack)


@pytest.fixture(params=sorted(implementations.ACCOUNT))
def account_node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield implementations.ACCOUNT[request.param](tmp_path, stack)


@pytest.fixture(params=[True, False], ids=["channels", "requests"])
def stack(request: pytest.FixtureRequest) -> Iterator[Wiring]:
    with Wiring(has_channels=request.param) as wiring:
        yield wiring
