"""Named network namespaces: making them, and doing something inside one.

A namespace is a property of a thread, so what is to happen inside one runs on a
native thread that enters it and then ends: no thread that others use can be left in
the wrong place.  All calls here block; callers are on native threads already.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pyroute2 import netns

from compute.network.agent.commands import run
from compute.network.agent.model import HOST
from objectstore.kernel.errors import Unavailable

T = TypeVar("T")

DIRECTORY = Path("/run/netns")


def path_of(name: str) -> Path:
    """The file that stands for the namespace; for the agent's own, its thread's."""
    return DIRECTORY / name if name != HOST else Path("/proc/thread-self/ns/net")


def inode_of(name: str) -> int:
    """Tells one namespace from another of the same name; 0 when there is none."""
    try:
        return path_of(name).stat().st_ino
    except FileNotFoundError:
        return 0


def names() -> list[str]:
    """All named namespaces (of whoever)."""
    try:
        return sorted(os.listdir(DIRECTORY))
    except FileNotFoundError:
        return []


def inside(name: str, function: Callable[[], T]) -> T:
    """What ``function`` gives inside the namespace (``HOST``: here).

    Raises what it raises; ``Unavailable`` when there is no such namespace.
    """
    if name == HOST:
        return function()
    outcome: list[T] = []
    failure: list[BaseException] = []

    def enter() -> None:
        try:
            with open(path_of(name), "rb") as handle:
                netns.setns(handle.fileno())
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  (raised where it is awaited)
            failure.append(error)

    thread = threading.Thread(target=enter, name=f"in {name}", daemon=True)
    thread.start()
    thread.join()
    if failure:
        if isinstance(failure[0], OSError):
            raise Unavailable(f"namespace {name}: {failure[0]}") from failure[0]
        raise failure[0]
    return outcome[0]


def add(name: str) -> None:
    """Make the namespace; nothing inside configures itself."""
    if path_of(name).exists():
        # A file that stands for nothing (the host was started anew), or a race.
        remove(name)
    run("ip", "netns", "add", name)
    for key in ("accept_ra", "autoconf", "accept_dad"):
        # Addresses come from the view alone, and are used at once.
        set_sysctl(name, f"net/ipv6/conf/default/{key}", "0", is_optional=True)


def remove(name: str) -> None:
    """Take the name away; the namespace ends with the last that is in it."""
    with contextlib.suppress(FileNotFoundError):
        run("ip", "netns", "del", name)


def command_prefix(name: str) -> tuple[str, ...]:
    """What makes a command run inside the namespace."""
    return () if name == HOST else ("nsenter", f"--net={path_of(name)}")


def read_sysctls(keys: tuple[str, ...]) -> dict[str, str]:
    """Kernel settings of the namespace that the thread is in; those that are there."""
    found = {}
    for key in keys:
        with contextlib.suppress(OSError):
            found[key] = Path("/proc/sys", key).read_text().strip()
    return found


def set_sysctl(name: str, key: str, value: str, *, is_optional: bool = False) -> None:
    """Write a kernel setting; ``Unavailable`` when the kernel does not have it."""

    def write() -> None:
        try:
            Path("/proc/sys", key).write_text(value)
        except OSError as error:
            if not is_optional:
                raise Unavailable(f"cannot set {key} to {value}: {error}") from error

    inside(name, write)
