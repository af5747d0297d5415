"""How long guests take to boot, and what a lazy boot reads of its image.

    python -m test.bench.guest_boot [--mebibytes 100]

Three ways to the same login prompt, one after the other: plain QEMU on an overlay;
the libvirt driver on an overlay of the image cache; the driver on a lazy disk.  The
image is our guest with a file of random bytes in it, which a boot does not read.
Needs root.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from compute.agent.guests import GuestSpec
from compute.agent.hypervisor import Hypervisor
from compute.core.disks import qemu_img
from objectstore.kernel import concurrency
from test.contract.compute.agent import qemu
from test.contract.compute.agent.conftest import open_libvirt
from test.contract.compute.agent.storage import Storage
from test.guest_image import BUILD

PROMPT = b"login:"
BOOT_SECONDS = 300.0
IMAGE_ID = "bench-image"


def wait_for_prompt(read: Callable[[], bytes]) -> None:
    with concurrency.deadline(BOOT_SECONDS):
        while PROMPT not in read():
            concurrency.sleep(0.02)


def plain(directory: Path, image: Path) -> float:
    """Seconds by QEMU alone."""
    disk, log = directory / "plain.qcow2", directory / "plain.log"
    log.touch()
    qemu_img.create_overlay(str(disk), str(image), "qcow2", 1 << 30)
    began = time.monotonic()
    command = "qemu-system-x86_64 -machine pc -accel tcg -cpu qemu64 -m 160 -nodefaults"
    devices = f"-display none -device virtio-rng-pci -serial file:{log}"
    drive = f"-drive file={disk},if=virtio,format=qcow2"
    process = subprocess.Popen([*command.split(), *devices.split(), *drive.split()])
    try:
        wait_for_prompt(log.read_bytes)
        return time.monotonic() - began
    finally:
        process.kill()
        process.wait()


def driven(hypervisor: Hypervisor, storage: Storage, *, lazy: bool) -> float:
    """Seconds by the driver, from nothing on this host but the image's name."""
    guest = str(uuid.uuid4())
    began = time.monotonic()
    storage.disks.prepare_root(guest, IMAGE_ID, 1, lazy=lazy)
    paths = storage.disks.paths(guest)
    spec = GuestSpec(
        guest,
        f"bench-{guest[:8]}",
        1,
        160,
        storage.disks.disks(guest),
        console_log=paths.console_log,
    )
    try:
        hypervisor.start(spec)
        wait_for_prompt(lambda: hypervisor.console_tail(guest))
        return time.monotonic() - began
    finally:
        hypervisor.destroy(guest)
        storage.disks.remove(guest)


def build(directory: Path, mebibytes: int) -> Path:
    extra = directory / "extra"
    (extra / "usr/share").mkdir(parents=True)
    (extra / "usr/share/ballast").write_bytes(os.urandom(mebibytes << 20))
    options = ["--extra", str(extra), "--root-size", str(mebibytes + 24)]
    subprocess.run([str(BUILD), str(directory / "image"), *options], check=True)
    return directory / "image" / "guest-disk.qcow2"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=100)
    arguments = parser.parse_args()
    from compute.agent.drivers.libvirt.private_daemon import PrivateDaemon
    from objectstore.kernel.clock import SystemClock

    if reason := qemu.why_not():
        raise SystemExit(reason)
    with tempfile.TemporaryDirectory(prefix="rs-", dir="/tmp") as name:
        directory = Path(name)
        image = build(directory, arguments.mebibytes)
        size = image.stat().st_size
        hypervisor = open_libvirt(directory)
        hypervisor.inventory()  # libvirt looks at QEMU once, for seconds
        try:
            print(f"load {os.getloadavg()[0]:.1f}, image {size >> 20} MiB")
            print(f"plain QEMU      {plain(directory, image):6.1f} s")
            for word, lazy in (("cached", False), ("lazy", True)):
                storage = Storage(directory / word)
                storage.images.add(IMAGE_ID, image, "qcow2")
                storage.nbd.start()
                seconds = driven(hypervisor, storage, lazy=lazy)
                share = 100 * storage.images.bytes_read / size
                print(
                    f"driver, {word:7} {seconds:6.1f} s, read "
                    f"{storage.images.bytes_read >> 20} MiB ({share:.0f} %)"
                )
                storage.nbd.stop()
        finally:
            hypervisor.close()
            PrivateDaemon(str(directory / "libvirt"), SystemClock()).stop()


if __name__ == "__main__":
    main()
