"""doc/tutorial.md as a script."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from test.functional.compute.house import RunningCloud

HOME = Path(__file__).resolve().parents[3]
PAGE = HOME / "doc" / "tutorial.md"
BLOCK = re.compile(r"^```sh( real)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 900.0
# A simulated host reads no image; anything that looks like one will do.
SIMULATED_GUEST = (
    "mkdir -p guest; qemu-img create -q -f qcow2 guest/guest-disk.qcow2 8M"
)


def script(*, is_real: bool) -> str:
    """The page's commands as one script that stops at the first that fails."""
    lines = ["set -euo pipefail"]
    for only_real, commands in BLOCK.findall(PAGE.read_text("utf-8")):
        if is_real or not only_real:
            lines += [f"echo '# {commands.splitlines()[0]}' >&2", commands]
    text = "\n".join(lines)
    if is_real:
        return text.replace(
            "bin/build-guest-image", str(HOME / "bin/build-guest-image")
        )
    return text.replace("bin/build-guest-image guest", SIMULATED_GUEST)


def run_tutorial(cloud: RunningCloud, directory: Path, *, is_real: bool) -> str:
    """Run it there; what it printed."""
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(
        ["bash", "-c", script(is_real=is_real)],
        cwd=directory,
        env={**cloud.environment(), "PATH": path, "HOME": str(directory)},
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout
