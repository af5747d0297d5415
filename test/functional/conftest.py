"""Stores for the functional tests: started once for each process of a run.

``endpoint`` runs a test against the all-in-one store and against a three-node
cluster; ``every_endpoint`` also against an all-in-one store of two workers.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER, User
from test.scheduling import put_in_order, scheduler

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes many seconds by its nature")
    # A shell that starts us in the background has us ignore Ctrl-C, and whom we start
    # with us; tests press it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        put_in_order(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:
    """Show the logs of the stores that a failed test used."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Store):
                report.sections.append((f"logs of {value.name}", value.last_words()))
    return report


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.alone(tmp_path_factory.mktemp("alone")).running() as store:
        yield store


@pytest.fixture(scope="session")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.alone(tmp_path_factory.mktemp("workers"), workers=2).running() as store:
        yield store


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.cluster(tmp_path_factory.mktemp("cluster")).running() as store:
        yield store


@pytest.fixture(params=["alone", "cluster"])
def store(request: pytest.FixtureRequest) -> Store:
    """The all-in-one store, then the cluster."""
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["alone", "two_workers", "cluster"])
def every_store(request: pytest.FixtureRequest) -> Store:
    """The all-in-one store with one worker and with two, and the cluster."""
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """An all-in-one store of the test's own, to stop and kill."""
    with Store.alone(tmp_path_factory.mktemp("own")).running() as store:
        yield store


@pytest.fixture
def fresh_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A cluster of the test's own, to kill nodes of."""
    with Store.cluster(tmp_path_factory.mktemp("own")).running() as store:
        yield store


@pytest.fixture(params=["fresh_store", "fresh_cluster"])
def own_store(request: pytest.FixtureRequest) -> Store:
    """Of the test's own: an all-in-one store, then a cluster."""
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def endpoint(store: Store) -> str:
    return store.endpoint()


Connect = Callable[..., Client]


@pytest.fixture
def connect(store: Store) -> Iterator[Connect]:
    """``connect(user, node=0)``: a client of the store; None: an anonymous one."""
    clients: list[Client] = []

    def connected(user: User | None = TESTER, node: int = 0) -> Client:
        clients.append(Client(store.endpoint(node), user))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: Connect) -> Client:
    """A client of test:tester."""
    return connect()


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return f"{worker}-{next(_numbers)}"


@pytest.fixture
def container(client: Client, name: str) -> str:
    """A container of the test's own in test:tester's account."""
    client.ok("PUT", name)
    return name
