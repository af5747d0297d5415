"""Running the system's commands: a list of words, never a shell's line."""

from __future__ import annotations

import os
import subprocess

COMMAND_SECONDS_MAX = 600.0


def run(command: list[str]) -> None:
    """It must succeed.  Raises ``OSError`` with its last words."""
    environment = {
        name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ
    }
    ended = subprocess.run(
        command,
        capture_output=True,
        check=False,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        env=environment,
        cwd="/",
    )
    if ended.returncode:
        raise OSError(f"{os.path.basename(command[0])}: {ended.stderr.strip()[-800:]}")
