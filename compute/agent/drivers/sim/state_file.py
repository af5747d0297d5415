"""The file that lets simulated guests outlive their agent, as real ones do."""

from __future__ import annotations

import json
from dataclasses import asdict

from compute.agent.drivers.sim.guest import SimGuest
from compute.agent.guests import GuestState
from objectstore.kernel.disk import Disk, FileMissing
from objectstore.kernel.errors import Corrupt


class StateFile:
    """The guests of one simulated host as JSON; written whole at each change."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self._path = path

    def load(self) -> dict[str, SimGuest]:
        """The guests by uuid; none when there is no file.  Raises ``Corrupt``."""
        try:
            content = self._disk.read_file(self._path)
        except FileMissing:
            return {}
        try:
            return {
                uuid: SimGuest(**{**fields, "state": GuestState(fields["state"])})
                for uuid, fields in json.loads(content).items()
            }
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Corrupt(f"{self._path} is no file of simulated guests") from error

    def save(self, guests: dict[str, SimGuest]) -> None:
        """Write them; after a crash the file holds the old or the new ones."""
        content = {uuid: asdict(guest) for uuid, guest in guests.items()}
        self._disk.replace_file(self._path, json.dumps(content).encode())
