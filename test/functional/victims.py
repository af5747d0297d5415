"""Tests that start servers of each sort and wait; ``test_interrupted`` ends them.

pytest collects this file only when it is named.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from test.functional.compute.apart import need_a_host, run_apart
from test.functional.compute.house import running_cloud
from test.functional.harness.store import Store
from test.servers.rabbitmq import rabbitmq

WAIT_SECONDS = 120.0


def wait() -> None:
    """Say that all is up, and wait for the end."""
    Path(os.environ["VICTIMS_READY"]).touch()
    time.sleep(WAIT_SECONDS)


def test_cluster(fresh_cluster: Store) -> None:
    wait()


def test_cloud(tmp_path: Path) -> None:
    with running_cloud(tmp_path):
        wait()


def test_broker(tmp_path: Path) -> None:
    with rabbitmq():
        wait()


def test_apart(tmp_path: Path) -> None:
    need_a_host()
    # Some server in namespaces of its own, and a child of it.
    (tmp_path / "sitecustomize.py").touch()
    Path(os.environ["VICTIMS_READY"]).touch()
    run_apart("http.server", "--directory", str(tmp_path), seconds=WAIT_SECONDS)
    pytest.fail("it ended by itself")
