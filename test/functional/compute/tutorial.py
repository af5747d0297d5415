"""doc/tutorial.md as a script.

The first block starts the ``openstack`` command as users do; the others come to the
same program through a door that need not import it each time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from test.functional.compute.house import RunningCloud
from test.functional.compute.openstack_door import openstack_door

HOME = Path(__file__).resolve().parents[3]
PAGE = HOME / "doc" / "tutorial.md"
BLOCK = re.compile(r"^```sh( real)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 900.0


def script(door: Path) -> str:
    """The page's commands as one script that stops at the first that fails."""
    lines = ["set -euo pipefail"]
    for number, (_, commands) in enumerate(BLOCK.findall(PAGE.read_text("utf-8"))):
        if number == 1:
            lines += [f'PATH="{door}:$PATH"']
        lines += [f"echo '# {commands.splitlines()[0]}' >&2", commands]
    return "\n".join(lines).replace(
        "bin/build-guest-image", str(HOME / "bin/build-guest-image")
    )


def run_tutorial(cloud: RunningCloud, directory: Path) -> str:
    """Run it there; what it printed."""
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    with openstack_door(directory / "door") as door:
        done = subprocess.run(
            ["bash", "-c", script(door)],
            cwd=directory,
            env={**cloud.environment(), "PATH": path, "HOME": str(directory)},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
        )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout
