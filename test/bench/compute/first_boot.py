"""From ``server create`` to ACTIVE and to the login prompt, beside plain QEMU; memory.

    python -m test.bench.compute.first_boot [--rounds 3]

The whole cloud in one process, in namespaces of its own (root); the image comes out of
the ring, lazily.  Plain QEMU boots an overlay upon the same image, in turns with it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from test.bench.guest_boot import plain
from test.bench.processes import proportional_mebibytes
from test.functional.compute.apart import START, UNSHARE
from test.functional.compute.house import RunningCloud, running_cloud
from test.functional.compute.real_guests import guest_disk
from test.functional.compute.real_tutorial import SECTIONS

PROMPT = b"login:"
BOOT_SECONDS = 300.0
POLL_SECONDS = 0.02
APART = "--apart"


def boot(cloud: RunningCloud, image: Any, flavor: Any, network: Any) -> list[float]:
    """Seconds until ACTIVE, until the login prompt."""
    sdk = cloud.sdk()
    began = time.monotonic()
    server = sdk.compute.create_server(
        name="bench", image_id=image.id, flavor_id=flavor.id,
        networks=[{"uuid": network.id}],
    )  # fmt: skip
    while (server := sdk.compute.get_server(server)).status != "ACTIVE":
        assert server.status == "BUILD", server.fault
    active = time.monotonic() - began
    # Where the console's log is kept, as for plain QEMU: questions to the API, asked so
    # often, would be the load.
    log = cloud.place.state / "agent" / "guests" / server.id / "console.log"
    while PROMPT not in log.read_bytes():
        assert time.monotonic() - began < BOOT_SECONDS, "no login prompt"
        time.sleep(POLL_SECONDS)
    prompt = time.monotonic() - began
    sdk.compute.delete_server(server)
    sdk.compute.wait_for_delete(server)
    return [active, prompt]


def memory() -> str:
    """Proportional set sizes of the cloud's processes: with it, all that runs in our
    process namespace are the shell that started us, guests, and we."""
    found: dict[str, float] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (place / "comm").read_text().strip()
            if int(place.name) in (1, os.getpid()) or name.startswith("qemu"):
                continue
            size = proportional_mebibytes([int(place.name)])
            found[name] = found.get(name, 0.0) + size
    each = ", ".join(f"{name} {size:.0f}" for name, size in sorted(found.items()))
    return f"{sum(found.values()):.0f} MiB ({each})"


def measure(directory: Path, rounds: int) -> None:
    """Print the medians."""
    disk = guest_disk()
    with running_cloud(directory / "c", SECTIONS, roles=()) as cloud:
        sdk = cloud.sdk()
        image = sdk.create_image("bench", filename=str(disk), disk_format="qcow2",
                                 container_format="bare", wait=True)  # fmt: skip
        flavor = sdk.compute.create_flavor(name="bench", ram=160, vcpus=1, disk=1)
        network = sdk.network.find_network("shared")
        while not list(sdk.compute.hypervisors()):
            time.sleep(0.5)
        ours, alone = [], []
        for number in range(rounds):
            ours.append(boot(cloud, image, flavor, network))
            (directory / str(number)).mkdir()
            alone.append(plain(directory / str(number), disk))
        idle = memory()
    active = statistics.median(each[0] for each in ours)
    prompt = statistics.median(each[1] for each in ours)
    print(f"load {os.getloadavg()[0]:.1f}, {rounds} rounds, medians, seconds")
    print(f"server create to ACTIVE        {active:5.1f}")
    print(f"server create to login prompt  {prompt:5.1f}")
    print(f"plain QEMU to login prompt     {statistics.median(alone):5.1f}")
    print(f"memory of the cloud then, without guests: {idle}")


def main() -> None:
    """Run it again apart, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(APART, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.apart:
        again = [sys.executable, "-m", "test.bench.compute.first_boot", APART]
        again += ["--rounds", str(arguments.rounds)]
        raise SystemExit(subprocess.call([*UNSHARE, "sh", "-c", START, "sh", *again]))
    with tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp") as name:
        measure(Path(name), arguments.rounds)


if __name__ == "__main__":
    main()
