"""A load balancer's place on a host: its network namespace, and commands inside it.

All calls block; callers are on native threads.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from compute.network.client import balancer_namespace
from objectstore.kernel.errors import Unavailable

NAMESPACES = Path("/run/netns")
# Where Debian keeps programs for root; not on everybody's path.
MORE_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"
RUN_SECONDS = 30.0
ENTER = "nsenter"


def namespace_path(balancer_id: str) -> Path:
    """The file that stands for it."""
    return NAMESPACES / balancer_namespace(balancer_id)


def namespace_inode(balancer_id: str) -> int:
    """Tells it from another of the same name; 0: there is none."""
    return inode_of(namespace_path(balancer_id))


def inode_of(path: Path) -> int:
    """0 where nothing is."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def command_inside(balancer_id: str, command: list[str]) -> list[str]:
    """The command that runs it there."""
    return [ENTER, f"--net={namespace_path(balancer_id)}", *command]


def surroundings() -> dict[str, str]:
    """The environment of programs: with root's paths, and in English."""
    path = f"{os.environ.get('PATH', os.defpath)}:{MORE_PATHS}"
    return {**os.environ, "PATH": path, "LC_ALL": "C"}


def run_inside(
    balancer_id: str, command: list[str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it there with that text to read; ``Unavailable`` when it cannot be run."""
    try:
        return subprocess.run(
            command_inside(balancer_id, command),
            input=text or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=RUN_SECONDS,
            check=False,
            env=surroundings(),
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]}: {error}") from None
