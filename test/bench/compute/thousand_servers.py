"""1,000 servers on 1,000 simulated hosts, ordered through the API: servers per second.

    python -m test.bench.compute.thousand_servers [--servers 1000] [--hosts 1000]

Rooms, agent and database (SQLite, each commit synced) are one process; requests go
through the whole API in process.  Orders come one server at a time, from several
clients at once.  It ends when every server is ACTIVE, and says whether any is not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from objectstore.kernel import concurrency
from test.unit.compute.instance.house import House
from test.unit.compute.instance.states import UNLIMITED

CLIENTS = 16
SECONDS_MAX = 900.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=1000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/cloud.sqlite"
        house = House(Path(directory), url, hosts=wanted.hosts, **UNLIMITED)  # type: ignore[arg-type]
        house.furnish()
        house.agent.start()
        measure(house, wanted.servers)
        house.agent.stop()
        house.close()


def measure(house: House, servers: int) -> None:
    began, cpu = time.monotonic(), time.process_time()
    pool = concurrency.Pool(CLIENTS)
    statuses: Counter[int] = Counter()

    def create(number: int) -> None:
        got = house.ask("POST", "/servers", {"server": house.order(f"s{number}")})
        statuses[got.status] += 1

    for number in range(servers):
        pool.spawn_n(create, number)
    pool.wait_all()
    accepted = time.monotonic() - began
    states = wait_until_stable(house, servers)
    took = time.monotonic() - began
    spent = time.process_time() - cpu
    hosts = Counter(brief.host for brief in house.instances.servers())
    print(f"answers: {dict(statuses)} in {accepted:.1f} s")
    print(f"states: {dict(states)} after {took:.1f} s, {spent:.1f} s of CPU")
    print(f"{servers / took:.1f} servers per second, {spent / servers * 1000:.1f} ms")
    print(f"hosts used: {len(hosts)}, most on one: {max(hosts.values())}")
    print(f"leftovers: {len(house.leftovers())}")


def wait_until_stable(house: House, servers: int) -> Counter[str]:
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        states = Counter(brief.vm_state for brief in house.instances.servers())
        if states["building"] == 0 and sum(states.values()) == servers:
            return states
        if time.monotonic() > deadline:
            return states
        concurrency.sleep(0.5)


if __name__ == "__main__":
    main()
