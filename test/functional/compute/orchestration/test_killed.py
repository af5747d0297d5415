"""The whole cloud is killed while a stack is made, and goes on where it stood."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from openstack.connection import Connection

from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import SIMULATED, RunningCloud, laid_out
from test.functional.harness.store import children

COUNT = 12
SECONDS_MAX = 90
POLL_SECONDS = 0.05
TEMPLATE = {
    "heat_template_version": "2018-08-31",
    "resources": {
        f"net{number}": {
            "type": "OS::Neutron::Net",
            "properties": {"name": f"killed-{number}"},
            "depends_on": [f"net{number - 1}"] if number % 4 else [],
        }
        for number in range(COUNT)
    },
}


def kill(server: ServerProcess, port: int) -> None:
    """As a power cut would."""
    for pid in (server.pid, *children(server.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.stop()
    until = time.monotonic() + SECONDS_MAX
    while answers(port):
        assert time.monotonic() < until
        time.sleep(POLL_SECONDS)


def names(sdk: Connection) -> list[str]:
    """Of the stack's networks; the cloud may have others."""
    found = [str(each.name) for each in sdk.network.networks()]
    return sorted(name for name in found if name.startswith("killed-"))


def test_a_stack_outlives_its_cloud(tmp_path: Path) -> None:
    roles = tuple(dict.fromkeys((*SIMULATED, "orchestration")))
    place = laid_out(tmp_path, roles=roles)
    server = place.server(outlives_us=False)
    with server.running():
        cloud = RunningCloud(place)
        made = cloud.sdk().orchestration.create_stack(name="k", template=TEMPLATE)
        time.sleep(0.3)
        kill(server, place.plan.port)
    with place.server(outlives_us=False).running():
        sdk = RunningCloud(place).sdk()
        done = sdk.orchestration.wait_for_status(
            made, "CREATE_COMPLETE", ["CREATE_FAILED"], 1, SECONDS_MAX
        )
        assert names(sdk) == sorted(f"killed-{number}" for number in range(COUNT))
        sdk.orchestration.delete_stack(done)
        sdk.orchestration.wait_for_delete(done, 1, SECONDS_MAX)
        assert names(sdk) == []
