"""The doctor's checks of a host alone: python -m ... SETTINGS

The object store of these tests is not to be reached from their hosts, so its check is
left to the control plane's own doctor.
"""

from __future__ import annotations

import sys
from pathlib import Path

from compute.app.doctor.doctor import Doctor
from compute.app.doctor.networks import stray_networks
from compute.app.rooms import SETTINGS
from compute.settings import load_cloud_settings


def main(settings: Path) -> int:
    """How many things nobody owns; each is printed."""
    doctor = Doctor(load_cloud_settings(settings, SETTINGS))
    try:
        found = [*doctor._guests(), *stray_networks(doctor._network_agent())]
    finally:
        doctor.close()
    for each in found:
        print(each.place, each.name, each.detail)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
