"""A lazy boot through the ring beside a copied one: seconds, and bytes read.

    python -m test.bench.compute.lazy_boot [--mebibytes 100] [--rounds 1]

The object store is a process of its own, whose access log says what left it; the rest
of the cloud is another.  The image is our guest with a file of random bytes in it, in
the ring with three replicas on this machine; the agent by itself would copy one that is
so small.  Both are in namespaces of their own (root).  What streams in behind a lazy
boot is held back, or it would count.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compute.cli.layout import STORE
from test.functional.compute.apart import START, UNSHARE
from test.functional.compute.halves import ROOMS, HalvedCloud, halved_cloud
from test.functional.compute.real_guests import Guests
from test.functional.compute.tutorial import HOME

PROMPT = "login:"
BOOT_SECONDS = 300.0
# Each look at the console is a question to the host.
POLL_SECONDS = 0.5
APART = "--apart"
ROLES = "identity, image, network, volume, compute, agent, network-agent"
EVERYTHING = {ROOMS: ROLES}
HELD_BACK = {"pull_bytes_per_second": "1024"}
# Method, path, status, bytes in, bytes out: a segment of an image.
SEGMENT = re.compile(r'"GET \S*/images-\S*" 20[06] \d+ (\d+) ')


def read_from_ring(cloud: HalvedCloud) -> int:
    """Bytes of images that have left the store."""
    return sum(int(size) for size in SEGMENT.findall(cloud.log(STORE)))


def boot(directory: Path, disk: Path, *, lazy: bool) -> tuple[float, float, int]:
    """Seconds to ACTIVE, seconds to the prompt, bytes read until then."""
    agent = {"hypervisor": "libvirt", "ends_with_us": "yes"}
    agent |= {"lazy": "yes" if lazy else "no", "lazy_from": "0"}
    sections = {"agent": agent, "libvirt": HELD_BACK}
    with halved_cloud(directory, sections, EVERYTHING) as cloud:
        guests = Guests(cloud)
        guests.prepare(disk, "bench")
        while not list(guests.sdk.compute.hypervisors()):
            time.sleep(POLL_SECONDS)
        before = read_from_ring(cloud)
        began = time.monotonic()
        server = guests.boot("bench", "bench")
        while (shown := guests.show(server)).status != "ACTIVE":
            assert shown.status == "BUILD", shown.fault
        active = time.monotonic() - began
        while PROMPT not in guests.console(server):
            assert time.monotonic() - began < BOOT_SECONDS, "no login prompt"
            time.sleep(POLL_SECONDS)
        prompt = time.monotonic() - began
        size = read_from_ring(cloud) - before
        guests.delete(server)
    return active, prompt, size


def measure(directory: Path, mebibytes: int, rounds: int) -> None:
    """Print both, in turns."""
    ballast = directory / "extra" / "usr" / "share"
    ballast.mkdir(parents=True)
    (ballast / "ballast").write_bytes(os.urandom(mebibytes << 20))
    command = [str(HOME / "bin/build-guest-image"), str(directory / "guest")]
    command += ["--extra", str(directory / "extra"), "--root-size", str(mebibytes + 24)]
    subprocess.run(command, check=True, capture_output=True)
    disk = directory / "guest" / "guest-disk.qcow2"
    whole = disk.stat().st_size
    print(f"load {os.getloadavg()[0]:.1f}, image {whole >> 20} MiB")
    for number in range(2 * rounds):
        lazy = number % 2 == 0
        active, prompt, size = boot(directory / str(number), disk, lazy=lazy)
        name = "lazy" if lazy else "copied"
        print(
            f"{name:7} ACTIVE {active:5.1f} s, login {prompt:5.1f} s, read "
            f"{size / (1 << 20):6.1f} MiB ({100 * size / whole:.0f} %)",
            flush=True,
        )


def main() -> None:
    """Run it again apart, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(APART, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.apart:
        again = [sys.executable, "-m", "test.bench.compute.lazy_boot", APART]
        again += ["--mebibytes", str(arguments.mebibytes)]
        again += ["--rounds", str(arguments.rounds)]
        raise SystemExit(subprocess.call([*UNSHARE, "sh", "-c", START, "sh", *again]))
    with tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp") as name:
        measure(Path(name), arguments.mebibytes, arguments.rounds)


if __name__ == "__main__":
    main()
