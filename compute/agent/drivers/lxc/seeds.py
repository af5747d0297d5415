"""A config drive as a directory, for a system that has no drives.  Blocks: on
threads."""

from __future__ import annotations

import os

from compute.agent.disks.iso import read_iso


def write_seed(directory: str, drive: str, owner: int) -> None:
    """The config drive's files, for the container's root alone."""
    with open(drive, "rb") as file:
        found = read_iso(file.read())
    os.makedirs(directory, 0o700)
    for path, content in found.items():
        target = os.path.join(directory, path)
        os.makedirs(os.path.dirname(target), 0o700, exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
    for folder, _, names in os.walk(directory):
        os.chown(folder, owner, owner)
        for name in names:
            os.chmod(os.path.join(folder, name), 0o600)
            os.chown(os.path.join(folder, name), owner, owner)
