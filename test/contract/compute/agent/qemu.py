"""Real QEMU for tests: packages installed where that is possible.

Decided once a session; what is missing is a reason to skip, said in full.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
INSTALL_SECONDS = 300
# What bin/quickstart does to make this machine a host of guests.
_BECOME_HOST = """
. bin/bootstrap.sh; . bin/host-packages.sh
may_host && install_libvirt_binding "$1"
"""


@functools.cache
def why_not() -> str:
    """Why guests cannot run here; "" when they can."""
    if os.geteuid() != 0:
        return "guests under libvirt need root"
    made = subprocess.run(
        ["bash", "-c", _BECOME_HOST, "tests", sys.prefix],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    if made.returncode:
        return made.stderr.strip() or "this machine cannot be a host of guests"
    try:
        import libvirt  # noqa: F401
    except ImportError as error:
        return f"Python's libvirt binding: {error}"
    return ""
