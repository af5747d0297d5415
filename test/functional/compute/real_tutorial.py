"""The tutorial with real guests; run apart: python -m ... DIRECTORY"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from compute.cli.layout import LaidOutCloud
from test.functional.compute.house import RunningCloud, running_cloud
from test.functional.compute.tutorial import run_tutorial

LINES_SHOWN = 40
SWEEP_SECONDS_MAX = 60.0
SECTIONS = {"agent": {"hypervisor": "libvirt", "ends_with_us": "yes"}}


def main(directory: Path) -> None:
    """Run it, and see that nothing is left."""
    place: LaidOutCloud | None = None
    try:
        with running_cloud(directory / "c", SECTIONS, roles=()) as cloud:
            place = cloud.place
            print(run_tutorial(cloud, directory))
            check_nothing_is_left(cloud)
    except BaseException:
        if place is not None:
            told = place.log.read_text("utf-8").splitlines()
            print(
                "\n".join([line for line in told if '" 2' not in line][-LINES_SHOWN:])
            )
        raise


def check_nothing_is_left(cloud: RunningCloud) -> None:
    """No guest process, no tap, no file of a guest, no object in the project."""
    guests = subprocess.run(["pgrep", "-f", "qemu-system"], capture_output=True)
    assert guests.returncode == 1, guests.stdout
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True)
    assert "tap" not in links.stdout, links.stdout
    assert list((cloud.place.state / "agent" / "guests").iterdir()) == []
    assert cloud.openstack("container", "list") == []
    _ask_the_doctor(cloud)


def _ask_the_doctor(cloud: RunningCloud) -> None:
    """He finds nothing, once what was deleted last has been swept."""
    command = [sys.executable, "-m", "compute.cli", "doctor"]
    until = time.monotonic() + SWEEP_SECONDS_MAX
    while True:
        asked = subprocess.run(
            [*command, str(cloud.place.settings_file)], capture_output=True, text=True
        )
        if asked.returncode == 0:
            assert "nothing is left behind" in asked.stdout
            return
        assert time.monotonic() < until, asked.stdout + asked.stderr
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
