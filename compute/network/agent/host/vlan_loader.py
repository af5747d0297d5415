"""Puts programs for the kernel where frames arrive (``vlans/programs.py``), and sees
which are there.

A program is given to the kernel by the system call itself: the C library has no
function for it, and what else could load one brings a compiler along.  It lives as
long as it stands at a device.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Mapping

from compute.network.agent.model import SeenLink
from compute.network.agent.names import TRUNK_PREFIX
from compute.network.agent.netlink import filters
from compute.network.agent.netlink.devices import set_ipv6, set_up
from compute.network.agent.netlink.look import numbers_of
from compute.network.agent.vlans.programs import program_name
from compute.network.agent.vlans.turns import VlanTurn
from objectstore.kernel.errors import Unavailable

# The number of bpf(2); newer machines all share one.
SYSTEM_CALLS = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361}
LOAD_PROGRAM = 5
KIND_CLASSIFIER = 3
LICENSE = b"Apache-2.0\0"
INSTRUCTION_BYTES = 8


class _Program(ctypes.Structure):
    """The beginning of what bpf(2) takes for ``LOAD_PROGRAM``."""

    _fields_ = (
        ("kind", ctypes.c_uint32),
        ("count", ctypes.c_uint32),
        ("instructions", ctypes.c_uint64),
        ("license", ctypes.c_uint64),
        ("log_level", ctypes.c_uint32),
        ("log_size", ctypes.c_uint32),
        ("log", ctypes.c_uint64),
        ("version", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
    )


class VlanLoader:
    """Of one host.  Methods block."""

    def __init__(self) -> None:
        # Whether a trunk may have been here when last looked; a new agent asks.
        self._had_some = True

    def seen(self, links: Mapping[str, SeenLink]) -> dict[str, str]:
        """The names of programs of ours, by device.  Nothing is asked where there are
        no trunks."""
        has_some = any(name.startswith(TRUNK_PREFIX) for name in links)
        if not has_some and not self._had_some:
            return {}
        found = filters.names({link.index: name for name, link in links.items()})
        self._had_some = has_some or bool(found)
        return found

    def apply(self, turn: VlanTurn) -> None:
        """Let the device's frames take that turn; what stood there is replaced, and no
        frame meets neither."""
        program = turn.program(numbers_of(turn.devices))
        if program is None:
            raise Unavailable(f"{turn.device}: a device of its trunk is not there")
        handle = load(program)
        try:
            filters.attach(turn.device, handle, program_name(program))
        finally:
            os.close(handle)
        if turn.is_joining:
            # Not before: the host itself must neither hear nor say anything there.
            set_ipv6(turn.device, enabled=False)
            set_up(turn.device)
        self._had_some = True

    def clear(self, device: str) -> None:
        """Let the device's frames go on as they would."""
        filters.detach(device)


def load(program: bytes) -> int:
    """A handle of the program in the kernel.  ``Unavailable`` when that refuses it."""
    number = SYSTEM_CALLS.get(platform.machine())
    if number is None:
        raise Unavailable(
            f"trunks do not work on machines of type {platform.machine()}"
        )
    instructions = ctypes.create_string_buffer(program, len(program))
    license_text = ctypes.create_string_buffer(LICENSE)
    asked = _Program(
        kind=KIND_CLASSIFIER,
        count=len(program) // INSTRUCTION_BYTES,
        instructions=ctypes.addressof(instructions),
        license=ctypes.addressof(license_text),
    )
    library = ctypes.CDLL(None, use_errno=True)
    handle = int(
        library.syscall(
            ctypes.c_long(number),
            ctypes.c_int(LOAD_PROGRAM),
            ctypes.byref(asked),
            ctypes.c_uint(ctypes.sizeof(asked)),
        )
    )
    if handle < 0:
        reason = os.strerror(ctypes.get_errno())
        raise Unavailable(f"the kernel takes no program for a trunk: {reason}")
    os.set_inheritable(handle, False)
    return handle
