"""How a parallel run's tests are kept together."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.scheduling import (
    FOLDERS,
    LANES,
    LONG_ALONE,
    LONGEST,
    ORDER,
    PARAMETERS,
    WHOLE_MODULES,
    place_of,
    unit_of,
)

TEST = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "name",
    [
        *(name for lane in LANES for name in lane),
        *WHOLE_MODULES,
        *dict(FOLDERS),
        *LONG_ALONE,
    ],
)
def test_what_is_named_is_there(name: str) -> None:
    assert (TEST / name).exists()


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("test/functional/compute/test_moves.py::test_moves", "lane 1"),
        ("test/contract/compute/agent/test_boot.py::test_x[lxc]", "lane 1"),
        ("test/functional/test_apart.py::test_x[cluster]", "functional/test_apart.py"),
        ("test/probe/test_faults.py::test_x[kill]", "probe/test_faults.py"),
        ("test/functional/compute/volume/test_sdk.py::test_x", "cloud"),
        ("test/functional/compute/ec2/test_vpcs.py::test_x[a-b]", "ec2"),
        ("test/functional/compute/metric/test_status.py::test_x", "metric"),
        ("test/functional/compute/dashboard/test_pages.py::test_x", "dashboard"),
        (
            "test/functional/compute/dashboard/test_away.py::test_x",
            "functional/compute/dashboard/test_away.py",
        ),
        ("test/functional/s3/test_tools.py::test_x[s3_cluster-extra1]", "s3_cluster"),
        ("test/functional/filters/test_bulk.py::test_x[alone-more0-401]", "alone"),
        ("test/functional/test_copies.py::test_x[swift-cluster]", "cluster"),
    ],
)
def test_units(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid) == unit
    assert unit in ORDER


@pytest.mark.parametrize(
    "nodeid",
    [
        "test/functional/test_restart.py::test_x[fresh_cluster]",
        "test/functional/edge/test_fuzz.py::test_x[alone in the dark]",
        "test/contract/nodes/test_listings.py::test_x[memory]",
    ],
)
def test_others_go_by_themselves(nodeid: str) -> None:
    assert unit_of(nodeid) == nodeid


def test_the_longest_are_units() -> None:
    assert set(LONGEST) <= {*WHOLE_MODULES, *(name for _, name in FOLDERS), *PARAMETERS}


def test_the_long_begin_first() -> None:
    short = "test/functional/edge/test_fuzz.py::test_x"
    pages = "test/functional/compute/dashboard/test_pages.py::test_x"
    containers = "test/functional/compute/test_containers.py::test_x"
    drain = "test/functional/test_drain.py::test_drain"
    moves = "test/functional/compute/test_moves.py::test_moves"
    order = [moves, pages, containers, drain, short]
    assert sorted([*order[::-1]], key=place_of) == order
