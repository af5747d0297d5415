"""Two volume hosts, each a process with files of its own: volumes move between them by
the unmodified client, and whoever is killed meanwhile."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compute.cli.layout import SERVE_CLOUD, CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess, answers
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports

ROOMS = ("identity", "image", "volume")
SECONDS_MAX = 90.0
MIB = 2**20
BYTES = 96 * MIB
# There is no bus between the two that would tell of orders.
LOOK = "0.2"
BETA = "beta@quick#quick"
POOLS = ("volume", "backend", "pool", "list")


@dataclass(frozen=True, slots=True)
class TwoHosts(RunningCloud):
    """``alpha`` is the whole cloud, ``beta`` a volume host beside it."""

    processes: dict[str, ServerProcess]
    files: dict[str, Path]
    ports: dict[str, int]

    def file(self, host: str, volume_id: str) -> Path:
        return self.files[host] / "disks" / f"volume-{volume_id}.raw"

    def kill(self, host: str) -> None:
        """As a power cut would, and bring it back."""
        process = self.processes[host]
        os.kill(process.pid, signal.SIGKILL)
        process.stop()
        wait_for("its end", lambda: not answers(self.ports[host]))
        process.start()


@contextmanager
def _running(directory: Path) -> Iterator[TwoHosts]:
    port, store_port, node_port, beta_port = free_ports(4)
    files = {host: directory / host for host in ("alpha", "beta")}
    sections = {
        "cloud": {"host": "alpha"},
        "volume": {
            "directory": str(files["alpha"]),
            "ends_with_us": "yes",
            "jobs_looked_for": LOOK,
        },
    }
    plan = CloudPlan(port, store_port, node_port, roles=ROOMS, sections=sections)
    place = lay_out_cloud(directory / "c", plan)
    settings = directory / "beta.conf"
    url = f"http://127.0.0.1:{port}"
    settings.write_text(
        "\n".join(
            [
                "[cloud]",
                "roles = volume",
                f"public_address = 127.0.0.1:{beta_port}",
                f"volume_url = {url}/volume",
                f"identity_url = {url}/identity",
                f"image_url = {url}/image",
                f"object_store_url = http://127.0.0.1:{store_port}",
                "host = beta",
                f"state = {directory / 'beta-state'}",
                f"database = sqlite:///{place.state / 'cloud.db'}",
                f"service_password_file = {place.state / 'service-password'}",
                "[volume]",
                f"directory = {files['beta']}",
                "backend = quick",
                "ends_with_us = yes",
                f"jobs_looked_for = {LOOK}",
                "",
            ]
        ),
        "utf-8",
    )
    beta = ServerProcess(
        settings,
        beta_port,
        directory / "beta.log",
        outlives_us=False,
        command=SERVE_CLOUD,
    )
    alpha = place.server(outlives_us=False)
    with ExitStack() as stack:
        stack.enter_context(alpha.running())
        stack.enter_context(beta.running())
        cloud = TwoHosts(
            place,
            {"alpha": alpha, "beta": beta},
            files,
            {"alpha": port, "beta": beta_port},
        )
        try:
            yield cloud
        except BaseException:
            for log in (place.log, directory / "beta.log"):
                print(f"==== {log.name}", *log.read_text().splitlines()[-40:], sep="\n")
            raise


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoHosts]:
    with _running(tmp_path_factory.mktemp("hosts")) as cloud:
        yield cloud


def wait_for(what: str, is_so: Callable[[], Any]) -> Any:
    until = time.monotonic() + SECONDS_MAX
    while not (found := is_so()):
        assert time.monotonic() < until, what
        time.sleep(0.05)
    return found


def status(cloud: TwoHosts, volume_id: str) -> tuple[str, str, str]:
    """Straight from the rows: looking by commands takes longer than moving."""
    query = "SELECT host, migration_status, status FROM volume_volumes WHERE id = ?"
    database = sqlite3.connect(cloud.place.state / "cloud.db", timeout=30)
    try:
        row = database.execute(query, (volume_id,)).fetchone()
    finally:
        database.close()
    return row or ("", "", "")


def made(cloud: TwoHosts, name: str) -> tuple[str, str]:
    """A volume on alpha with bytes of its own; its id and their digest."""
    # Whichever host has more room; the types of the test choose later.
    disable = {"host": "beta", "binary": "cinder-volume"}
    cinder = cloud.sdk().block_storage
    cinder.put("/os-services/disable", json=disable)
    volume_id = str(cinder.create_volume(name=name, size=1).id)
    cinder.put("/os-services/enable", json=disable)
    wait_for("a volume", lambda: status(cloud, volume_id)[2] == "available")
    assert status(cloud, volume_id)[0] == "alpha"
    with cloud.file("alpha", volume_id).open("r+b") as file:
        for offset in range(0, BYTES, MIB):
            file.seek(2 * offset)
            file.write(hashlib.sha256(str(offset).encode()).digest() * 2**15)
    return volume_id, digest(cloud.file("alpha", volume_id))


def digest(path: Path) -> str:
    """Of what a reader sees, but without reading the holes, which are most of it."""
    found, at = hashlib.sha256(), 0
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        found.update(size.to_bytes(8))
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // MIB * MIB
            except OSError:  # nothing but a hole is left
                break
            data = os.pread(file.fileno(), MIB, at)
            if data.count(0) != len(data):
                found.update(at.to_bytes(8))
                found.update(data)
            at += MIB
    return found.hexdigest()


def test_a_volume_moves_by_commands_and_by_its_type(hosts: TwoHosts) -> None:
    ask, cinder = hosts.run_openstack, hosts.sdk().block_storage
    volume_id, before = made(hosts, "moves")
    pools = {each["Name"] for each in hosts.openstack(*POOLS)}
    assert pools == {"alpha@files#files", BETA}
    ask("volume", "migrate", "--lock-volume", "--host", BETA, "moves")
    moved = ("beta", "success", "available")
    wait_for("a volume that has moved", lambda: status(hosts, volume_id) == moved)
    assert cinder.get_volume(volume_id).host == BETA
    assert digest(hosts.file("beta", volume_id)) == before
    assert not hosts.file("alpha", volume_id).exists()
    for name, backend in (("slow", "files"), ("fast", "quick")):
        specs = {"volume_backend_name": backend}
        cinder.create_type(name=name, extra_specs=specs)
    retype = ("volume", "set", "--type", "slow", "moves")
    assert "No valid backend" in ask(*retype, expected=1).errors
    ask(*retype, "--retype-policy", "on-demand")
    back = ("alpha", "success")
    wait_for("a volume back", lambda: status(hosts, volume_id)[:2] == back)
    assert cinder.get_volume(volume_id).volume_type == "slow"
    assert digest(hosts.file("alpha", volume_id)) == before
    # Jobs of a volume are its host's, whoever was asked for them.
    new = cinder.create_volume(size=1, volume_type="fast").id
    wait_for("a new one", lambda: status(hosts, new)[2] == "available")
    assert hosts.file("beta", new).exists()
    for each in (volume_id, new):
        cinder.delete_volume(each)
        wait_for("nothing", lambda each=each: not status(hosts, each)[0])
    for files in hosts.files.values():
        assert not list(files.glob("disks/*"))


def test_whoever_is_killed_it_arrives_whole(hosts: TwoHosts) -> None:
    volume_id, before = made(hosts, "survivor")
    cinder = hosts.sdk().block_storage
    for host, pool, victim in (
        ("beta", BETA, "alpha"),  # who has it, and the control plane
        ("alpha", "alpha@files#files", "alpha"),  # who fetches it
    ):
        copies = hosts.files[host] / "disks"
        cinder.migrate_volume(volume_id, host=pool)
        wait_for(
            "bytes on their way",
            lambda copies=copies: (
                list(copies.glob("copy-*")) or status(hosts, volume_id)[1] == "success"
            ),
        )
        hosts.kill(victim)
        arrived = (host, "success", "available")
        wait_for("it", lambda arrived=arrived: status(hosts, volume_id) == arrived)
        assert digest(hosts.file(host, volume_id)) == before
        assert [
            path.name
            for files in hosts.files.values()
            for path in files.glob("disks/*")
        ] == [f"volume-{volume_id}.raw"]
