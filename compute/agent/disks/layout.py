"""Where the files of guests are: one directory each, every name in one place."""

from __future__ import annotations

import os
import re

from compute.agent.disks.port import GuestPaths
from compute.core.sockets import socket_directory
from objectstore.kernel.errors import Rejected

ROOT_FILE = "root.qcow2"
CDROM_FILE = "cdrom.qcow2"
RESCUE_FILE = "rescue.qcow2"
SWAP_FILE = "swap.raw"
CONFIG_DRIVE_FILE = "config.iso"
CONSOLE_LOG_FILE = "console.log"
SOCKETS = ("serial", "vnc", "agent")
_EPHEMERAL = re.compile(r"ephemeral(\d)\.raw")
LABEL = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z-]{0,63}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Layout:
    """Names below one root directory.  Makes no file and looks at none."""

    def __init__(self, root: str) -> None:
        self.guests = os.path.join(root, "guests")
        self.images = os.path.join(root, "images")
        self.sockets = socket_directory(os.path.abspath(root))
        self.lazy_socket = os.path.join(self.sockets, "lazy.sock")

    def directory(self, uuid: str) -> str:
        """The guest's own directory."""
        if not is_uuid(uuid):
            raise Rejected(400, "That is no server id")
        return os.path.join(self.guests, uuid)

    def file(self, uuid: str, name: str) -> str:
        """One of its files."""
        return os.path.join(self.directory(uuid), name)

    def socket(self, uuid: str, name: str) -> str:
        """One of its sockets."""
        self.directory(uuid)  # checks the id
        return os.path.join(self.sockets, f"{uuid}-{name}.sock")

    def ephemeral(self, uuid: str, number: int) -> str:
        """An extra disk."""
        return self.file(uuid, f"ephemeral{number}.raw")

    def capture(self, uuid: str, label: str) -> str:
        """A copy of the root disk, to be uploaded."""
        if not LABEL.fullmatch(label):
            raise Rejected(400, "That is no snapshot id")
        return self.file(uuid, f"capture-{label}.qcow2")

    def paths(self, uuid: str) -> GuestPaths:
        """What a ``GuestSpec`` wants to know."""
        return GuestPaths(
            directory=self.directory(uuid),
            console_log=self.file(uuid, CONSOLE_LOG_FILE),
            serial_socket=self.socket(uuid, "serial"),
            vnc_socket=self.socket(uuid, "vnc"),
            agent_socket=self.socket(uuid, "agent"),
            config_drive=self.file(uuid, CONFIG_DRIVE_FILE),
        )


def is_uuid(name: str) -> bool:
    """Whether it is a server's id, as text with dashes."""
    return _UUID.fullmatch(name) is not None


def ephemeral_number(name: str) -> int | None:
    """The number of an extra disk's file; None when it is another file."""
    found = _EPHEMERAL.fullmatch(name)
    return int(found[1]) if found else None
