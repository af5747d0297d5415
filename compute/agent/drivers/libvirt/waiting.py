"""Waiting for what takes a guest its time: to shut down, to let go of a device, to
have a disk copied.  Each asks libvirt, rests, and asks again."""

from __future__ import annotations

from collections.abc import Callable

from compute.agent.drivers.libvirt import copies, domains, mirroring, reconnecting
from compute.agent.drivers.libvirt.connection import LibvirtConnection
from compute.agent.guests import DiskSpec
from objectstore.kernel import concurrency
from objectstore.kernel.clock import Clock
from objectstore.kernel.errors import RingstackError, Unavailable

POLL_SECONDS = 0.5
# A guest that boots just now does not hear the first press.
PRESS_AGAIN_SECONDS = 10.0
# Linux lets go of a virtio device within a second, when it is up.
UNPLUG_SECONDS = 20.0


def shut_down(
    connection: LibvirtConnection, clock: Clock, uuid: str, grace_seconds: float
) -> None:
    """Press the power button until the guest is down, or the time is up."""
    started = pressed = clock.monotonic()
    connection.run(domains.press_power_button, uuid)
    while connection.run(domains.is_active, uuid):
        now = clock.monotonic()
        if now - started >= grace_seconds:
            return
        if now - pressed >= PRESS_AGAIN_SECONDS:
            pressed = now
            connection.run(domains.press_power_button, uuid)
        concurrency.sleep(POLL_SECONDS)


def unplug(
    connection: LibvirtConnection, clock: Clock, ask: Callable[..., bool]
) -> None:
    """``ask`` until the device is out; ``Unavailable`` when the guest keeps it."""
    give_up = clock.monotonic() + UNPLUG_SECONDS
    while not connection.run(ask):
        if clock.monotonic() > give_up:
            raise Unavailable("The guest does not let go of the device")
        concurrency.sleep(POLL_SECONDS)


def copy(connection: LibvirtConnection, uuid: str, name: str, target: str) -> None:
    """A disk's content of one moment into a file; no copy is left under way."""
    connection.run(copies.begin_copy, uuid, name, target)
    try:
        while not connection.run(copies.copy_is_done, uuid):
            concurrency.sleep(POLL_SECONDS)
    except BaseException:
        connection.run(copies.end_copy, uuid)
        raise


def swap(connection: LibvirtConnection, uuid: str, name: str, disk: DiskSpec) -> None:
    """Another disk in its place, once it holds the same."""
    if not connection.run(copies.begin_swap, uuid, name, disk):
        return
    try:
        while not connection.run(copies.finish_swap, uuid, name):
            concurrency.sleep(POLL_SECONDS)
    except RingstackError:
        connection.run(copies.end_swap, uuid, name)
        raise


def mirror(connection: LibvirtConnection, uuid: str, name: str, disk: DiskSpec) -> None:
    """A disk on two places, once both hold the same."""
    if not connection.run(mirroring.begin_mirror, uuid, name, disk):
        return
    try:
        while not connection.run(mirroring.is_mirrored, uuid, name):
            concurrency.sleep(POLL_SECONDS)
    except RingstackError:
        connection.run(copies.end_swap, uuid, name)
        raise


def reconnect(
    connection: LibvirtConnection, uuid: str, name: str, size_bytes: int
) -> None:
    """A disk's storage anew, in its size; a guest that waited for it goes on."""
    try:
        for attempt in range(1, reconnecting.TRIES_MAX + 1):
            connection.run(reconnecting.read_a_little, uuid, name)
            try:
                # Refused while the old connection's size is all that is known.
                connection.run(copies.resize, uuid, name, size_bytes)
                return
            except Unavailable:
                if attempt == reconnecting.TRIES_MAX:
                    raise
            concurrency.sleep(reconnecting.PAUSE_SECONDS)
    finally:
        connection.run(domains.resume_stalled, uuid)
