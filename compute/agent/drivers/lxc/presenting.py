"""A container's further disks in its own sight.  Blocks: on threads.

A tree of files is mounted at ``/media/NAME``; a block device is ``/dev/NAME``, which
is libvirt's to make.  A container that restarts by itself finds its devices again, but
not what was mounted: so all is seen to whenever one has begun.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import libvirt

from compute.agent.drivers.libvirt.connection import Connection
from compute.agent.drivers.libvirt.device_xml import as_text
from compute.agent.drivers.libvirt.devices import find_disk
from compute.agent.drivers.libvirt.domains import find, require
from compute.agent.drivers.lxc import containers
from compute.agent.drivers.lxc.drives import Drive
from compute.agent.drivers.lxc.mount_inside import BUSY
from objectstore.kernel.errors import Unavailable

SECONDS_MAX = 60.0
_PROGRAM = str(Path(__file__).with_name("mount_inside.py"))


def present(connection: Connection, uuid: str, drive: Drive) -> None:
    """It has the disk; fine when it had, or does not run.  ``Unavailable``."""
    process = containers.init_of(connection, uuid)
    if not process:
        return
    if drive.device:
        _plug(connection, uuid, drive)
    elif not _is_mounted(process, drive.name):
        first_id = containers.first_id(connection, uuid)
        _inside("mount", process, first_id, drive.tree, drive.name)


def withdraw(connection: Connection, uuid: str, name: str) -> None:
    """It has the disk no more; fine when it had not.  ``Unavailable`` while it uses
    its files."""
    process = containers.init_of(connection, uuid)
    if process and _is_mounted(process, name):
        first_id = containers.first_id(connection, uuid)
        _inside("unmount", process, first_id, name)
    domain = find(connection, uuid)
    if domain is None or not domain.isActive():
        return
    element = find_disk(domain, name)
    if element is not None:
        domain.detachDeviceFlags(as_text(element), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def device_element(drive: Drive) -> Element:
    """``<disk>``; pure."""
    element = Element("disk", type="block", device="disk")
    SubElement(element, "source", dev=drive.device)
    SubElement(element, "target", dev=drive.name, bus="virtio")
    if drive.read_only:
        SubElement(element, "readonly")
    if drive.serial:
        SubElement(element, "serial").text = drive.serial
    return element


def _plug(connection: Connection, uuid: str, drive: Drive) -> None:
    domain = require(connection, uuid)
    if find_disk(domain, drive.name) is None:
        text = as_text(device_element(drive))
        domain.attachDeviceFlags(text, libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _is_mounted(process: int, name: str) -> bool:
    with suppress(OSError), open(f"/proc/{process}/mountinfo", "rb") as lines:
        wanted = os.fsencode(f"/media/{name}")
        return any(line.split(b" ")[4] == wanted for line in lines)
    return False


def _inside(act: str, process: int, first_id: int, *words: str) -> None:
    command = [sys.executable, "-I", "-S", _PROGRAM, act, str(process), str(first_id)]
    try:
        done = subprocess.run(
            [*command, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{act} of {words[-1]} takes too long") from None
    if done.returncode == BUSY:
        raise Unavailable(f"the container still uses the files of {words[-1]}")
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Unavailable(f"{act} of {words[-1]} failed: {said}")
