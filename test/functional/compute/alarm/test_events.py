"""Alarms that wait for something to happen to servers and volumes."""

from __future__ import annotations

import time

from test.functional.compute.house import RunningCloud

PATIENCE_SECONDS = 30.0


def _wait(cloud: RunningCloud, name: str, state: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    command = ("alarm", "state", "get", name, "-f", "json")
    while (now := cloud.openstack(*command)["state"]) != state:
        assert time.monotonic() < deadline, now
        time.sleep(0.3)


def test_a_volume_that_is_made(cloud: RunningCloud) -> None:
    wanted = ("--query", "traits.status=available;traits.display_name=mine")
    for name, kind in (("made", "volume.*"), ("other", "compute.*")):
        cloud.openstack(
            *("alarm", "create", "--name", name, "-t", "event", "--event-type", kind),
            *wanted,
        )
    cloud.openstack("volume", "create", "--size", "1", "mine")
    _wait(cloud, "made", "alarm")
    state = cloud.openstack("alarm", "state", "get", "other", "-f", "json")
    assert state == {"state": "insufficient data"}
    for name in ("made", "other"):
        cloud.openstack("alarm", "delete", name)
    cloud.openstack("volume", "delete", "mine")
