"""One of two processes that serve stacks is killed: the other goes on."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from compute.cli.layout import SERVE_CLOUD
from objectstore.cli.process import ServerProcess
from test.functional.compute.house import RunningCloud, laid_out
from test.functional.compute.orchestration.test_killed import names
from test.functional.harness.ports import free_ports
from test.functional.harness.store import children

LEASE_SECONDS = 3
SECONDS_MAX = 60
POLL_SECONDS = 0.02
HOST = "the-one-that-goes"
COUNT = 40
TEMPLATE = {
    "heat_template_version": "2018-08-31",
    "resources": {
        f"net{number}": {
            "type": "OS::Neutron::Net",
            "properties": {"name": f"killed-{number:02}"},
            "depends_on": [f"net{number - 1}"] if number else [],
        }
        for number in range(COUNT)
    },
}


@dataclass(frozen=True, slots=True)
class Second:
    """A process with nothing but stacks, on the first one's database."""

    process: ServerProcess
    port: int

    def signal(self, number: int) -> None:
        for pid in (self.process.pid, *children(self.process.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def create(self, project_id: str, token: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)
        body = json.dumps({"stack_name": "k", "template": TEMPLATE})
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        connection.request("POST", f"/v1/{project_id}/stacks", body, headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        connection.close()
        assert answer.status == 201, told
        return str(told["stack"]["id"])


def second(directory: Path, cloud: RunningCloud) -> Second:
    place, (port,) = cloud.place, free_ports(1)
    state = directory / "second"
    keys = Path("orchestration") / "secret-keys"
    shutil.copytree(place.state / keys, state / keys)
    file = directory / "second.conf"
    file.write_text(
        f"[cloud]\nroles = orchestration\npublic_address = 127.0.0.1:{port}\n"
        f"identity_url = {cloud.url}/identity\nnetwork_url = {cloud.url}/network\n"
        f"database = sqlite:///{place.state / 'cloud.db'}\n"
        f"state = {state}\nhost = {HOST}\n"
        f"service_password_file = {place.state / 'service-password'}\n"
        f"[orchestration]\nlease = {LEASE_SECONDS}\n"
    )
    log = directory / "second.log"
    return Second(
        ServerProcess(file, port, log, outlives_us=False, command=SERVE_CLOUD), port
    )


def owners(database: Path) -> Iterator[str]:
    """Of the jobs that somebody is at."""
    query = "SELECT owner FROM orchestration_jobs WHERE state = 'running'"
    with contextlib.closing(sqlite3.connect(database)) as found:
        yield from (str(row[0]) for row in found.execute(query))


def kill_at_work(other: Second, database: Path) -> None:
    """By kill -9, at a moment at which the stack is its."""
    until = time.monotonic() + SECONDS_MAX
    while True:
        assert time.monotonic() < until
        other.signal(signal.SIGSTOP)
        if any(owner.startswith(HOST) for owner in owners(database)):
            other.signal(signal.SIGKILL)
            return
        other.signal(signal.SIGCONT)
        time.sleep(POLL_SECONDS)


def test_another_process_goes_on(tmp_path: Path) -> None:
    roles = ("identity", "network", "orchestration")
    sections = {"orchestration": {"lease": str(LEASE_SECONDS)}}
    place = laid_out(tmp_path, sections, roles=roles)
    with place.server(outlives_us=False).running():
        cloud = RunningCloud(place)
        sdk = cloud.sdk()
        other = second(tmp_path, cloud)
        with other.process.running():
            stack_id = other.create(sdk.current_project_id, sdk.auth_token)
            kill_at_work(other, place.state / "cloud.db")
            other.process.stop()
        stack = sdk.orchestration.get_stack(stack_id)
        assert stack.status == "CREATE_IN_PROGRESS"
        sdk.orchestration.wait_for_status(
            stack, "CREATE_COMPLETE", ["CREATE_FAILED"], 0.5, SECONDS_MAX
        )
        assert names(sdk) == [f"killed-{number:02}" for number in range(COUNT)]
