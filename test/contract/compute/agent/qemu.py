"""Real QEMU for tests: packages installed where that is possible, our own guest image.

Everything is decided once a session; what is missing is a reason to skip, said in full.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[4]
BUILD = ROOT / "bin" / "build-guest-image"
INSTALL_SECONDS = 300
BUILD_SECONDS = 120
_PROGRAMS = {
    "/usr/bin/qemu-system-x86_64": "qemu-system-x86",
    "/usr/bin/qemu-img": "qemu-utils",
    "/usr/sbin/libvirtd": "libvirt-daemon-system",
}


@functools.cache
def why_not() -> str:
    """Why guests cannot run here; "" when they can."""
    if os.geteuid() != 0:
        return "guests under libvirt need root"
    missing = [name for path, name in _PROGRAMS.items() if not os.path.exists(path)]
    if missing and not _install(missing):
        return f"these packages cannot be installed: {' '.join(missing)}"
    try:
        import libvirt  # noqa: F401
    except ImportError:
        return "libvirt-python is not installed (pip install 'ringstack[libvirt]')"
    checked = subprocess.run([str(BUILD), "--check"], capture_output=True, text=True)
    if checked.returncode and not _install_for_image():
        return checked.stderr.strip()
    return ""


def _install(packages: list[str]) -> bool:
    if shutil.which("apt-get") is None:
        return False
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=INSTALL_SECONDS,
    )
    return done.returncode == 0


def _install_for_image() -> bool:
    """The builder installs what it needs itself."""
    return shutil.which("apt-get") is not None


def build_image(directory: Path) -> None:
    """Build the guest image into ``directory``."""
    subprocess.run(
        [str(BUILD), str(directory)],
        check=True,
        capture_output=True,
        timeout=INSTALL_SECONDS + BUILD_SECONDS,
    )
