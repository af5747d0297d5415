"""The drivers, each of which must pass the same suite."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compute.volume.drivers.files import FilesDriver
from compute.volume.drivers.listening import Listening
from compute.volume.drivers.memory import MemoryDriver

HOST = "volume-host"
# Below the ports of outgoing connections; tests beside these have others.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_FIRST = 21800 + 100 * (_WORKER % 8)
PORTS = range(_FIRST, _FIRST + 100)


def files_driver(directory: Path, address: str = "127.0.0.1") -> FilesDriver:
    listening = Listening(HOST, address, PORTS)
    return FilesDriver(directory, listening, secrets.token_hex)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FilesDriver]:
    driver = files_driver(tmp_path)
    yield driver
    driver.stop()


@pytest.fixture(params=["memory", "files"])
def driver(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return MemoryDriver()
    return request.getfixturevalue("files")
