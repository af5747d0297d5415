"""Images against plain Swift: the same bytes in and out, in one run.

    python -m test.bench.compute.image_bytes [--mib 256] [--rounds 3]

A cloud of its own on loopback, with the ring inside its process.  Prints the median
MB/s and the CPU seconds that the server took for each GB.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from compute.cli.layout import CloudPlan, lay_out_cloud
from objectstore.cli.process import ServerProcess
from test.functional.compute.house import RunningCloud
from test.functional.harness.ports import free_ports
from test.functional.harness.store import children

PIECE = os.urandom(1 << 20)
TIMEOUT_SECONDS = 300.0
MB, GB = 1e6, 1e9


class Meter:
    """Wall time and the server's CPU time around a call."""

    def __init__(self, server: ServerProcess) -> None:
        self._pids = [server.pid, *children(server.pid)]

    def measure(self, act: Callable[[], None]) -> tuple[float, float]:
        before, start = self._cpu(), time.monotonic()
        act()
        return time.monotonic() - start, self._cpu() - before

    def _cpu(self) -> float:
        ticks = 0
        for pid in self._pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def put(port: int, path: str, token: str, mib: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    headers = {
        "X-Auth-Token": token,
        "Content-Type": "application/octet-stream",
        "Content-Length": str(mib << 20),
    }

    def pieces() -> Iterator[bytes]:
        for _ in range(mib):
            yield PIECE

    connection.request("PUT", path, pieces(), headers)
    answer = connection.getresponse()
    assert answer.status in (201, 204), (answer.status, answer.read())
    connection.close()


def get(port: int, path: str, token: str, mib: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", path, headers={"X-Auth-Token": token})
    answer = connection.getresponse()
    buffer, got = bytearray(1 << 20), 0
    while count := answer.readinto(buffer):
        got += count
    assert got == mib << 20
    connection.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        port, store_port, node_port = free_ports(3)
        plan = CloudPlan(port, store_port, node_port, roles=("identity", "image"))
        server = lay_out_cloud(Path(directory), plan).server(outlives_us=False)
        with server.running():
            cloud = RunningCloud(lay_out_cloud(Path(directory), plan))
            run(cloud, Meter(server), wanted.mib, wanted.rounds)


def run(cloud: RunningCloud, meter: Meter, mib: int, rounds: int) -> None:
    sdk, plan = cloud.sdk(), cloud.place.plan
    token, account = sdk.auth_token or "", f"/v1/AUTH_{sdk.current_project_id}"
    sdk.object_store.create_container("plain")
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(rounds):
        image = sdk.image.create_image(
            name="bench", disk_format="raw", container_format="bare", wait=False
        )
        path = f"/image/v2/images/{image.id}/file"
        plain = f"{account}/plain/{number}"
        acts = {
            "Swift PUT": lambda p=plain: put(plan.store_port, p, token, mib),
            "image upload": lambda p=path: put(plan.port, p, token, mib),
            "Swift GET": lambda p=plain: get(plan.store_port, p, token, mib),
            "image download": lambda p=path: get(plan.port, p, token, mib),
        }
        for name, act in acts.items():
            found.setdefault(name, []).append(meter.measure(act))
        sdk.image.delete_image(image.id)
        sdk.object_store.delete_object(str(number), container="plain")
    size = mib << 20
    print(f"{mib} MiB, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name, figures in found.items():
        seconds = statistics.median(wall for wall, _ in figures)
        cpu = statistics.median(cpu for _, cpu in figures)
        print(f"{name:15} {size / MB / seconds:7.0f} MB/s {cpu / size * GB:6.2f} s/GB")


if __name__ == "__main__":
    main()
