"""Mounts: made, shifted to a container's users, taken down.  Blocks: on threads.

A *shifted* (idmapped) mount shows a file system's user 0 as the first of a range of
the host's, and writes it back as 0: what is on the disk stays as the image had it.
Python has no words for that, nor has Debian 12's mount program: so the system calls
themselves.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LIBC = ctypes.CDLL(None, use_errno=True)
# The same numbers on every machine.
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 1, os.O_CLOEXEC
_AT_EMPTY_PATH, _MOVE_FROM_EMPTY = 0x1000, 0x4
_AT_FDCWD = -100
_ATTR_IDMAP = 0x0010_0000
_MS_NODEV, _MS_BIND, _MS_SHARED = 0x4, 0x1000, 1 << 20
_MNT_DETACH = 2
_ON_ERRORS = b"errors=remount-ro"
# ioctl of a mounted file system.
_FREEZE, _THAW = 0xC004_5877, 0xC004_5878
_MOUNTS = "/proc/self/mountinfo"
_ESCAPED = re.compile(r"\\([0-7]{3})")
# How long the helper that has the users' namespace may take to have it.
_NAMESPACE_SECONDS = 10.0
_POLL_SECONDS = 0.01


def mounted_below(directory: str) -> list[str]:
    """Where something is mounted at or below it, the last first."""
    found = []
    with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            path = _unescaped(line.split(" ")[4])
            if path == directory or path.startswith(directory + "/"):
                found.append(path)
    return found[::-1]


def _unescaped(path: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), path)


def share(directory: str) -> None:
    """What is mounted below it from now on, daemons with a view of their own see too
    (whatever the rest of the host's mounts are like); fine when it is so."""
    if directory in mounted_below(directory):
        return
    _mount(directory, directory, _MS_BIND)
    _mount("none", directory, _MS_SHARED)


def shifted(source: str, target: str, first_id: int, count: int) -> None:
    """Show the tree ``source`` at ``target`` too, its users from ``first_id`` on."""
    tree = _call(_OPEN_TREE, _AT_FDCWD, source, _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC)
    try:
        with _users(first_id, count) as namespace:
            attributes = struct.pack("<QQQQ", _ATTR_IDMAP, 0, 0, namespace)
            _call(_MOUNT_SETATTR, tree, "", _AT_EMPTY_PATH, attributes, len(attributes))
        _call(_MOVE_MOUNT, tree, "", _AT_FDCWD, target, _MOVE_FROM_EMPTY)
    finally:
        os.close(tree)


def mount_ext4(device: str, target: str) -> None:
    """The file system on a block device.  Whatever it says: no devices in it count,
    and its faults are its own (a superblock may ask for the host's panic)."""
    flags = ctypes.c_ulong(_MS_NODEV)
    found = _LIBC.mount(
        os.fsencode(device), os.fsencode(target), b"ext4", flags, _ON_ERRORS
    )
    if found != 0:
        _fail(device)


def freeze(target: str) -> int:
    """All that was written is on the disk, and nobody writes until ``thaw``; what that
    is called with.  (Whoever dies in between leaves it frozen until it is unmounted.)
    """
    descriptor = _open_mounted(target)
    try:
        fcntl.ioctl(descriptor, _FREEZE, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def thaw(descriptor: int) -> None:
    """They write again."""
    try:
        fcntl.ioctl(descriptor, _THAW, 0)
    finally:
        os.close(descriptor)


def thaw_if_frozen(target: str) -> None:
    """They write again, if nobody lived to say so."""
    with suppress(OSError):
        thaw(_open_mounted(target))


def _open_mounted(target: str) -> int:
    """What is mounted there; ``OSError`` when nothing is: the directory itself is of
    the host's own file system, which nobody wants frozen."""
    descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if os.fstat(descriptor).st_dev == os.stat(os.path.dirname(target)).st_dev:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "nothing is mounted there", target)
    return descriptor


def unmount(path: str, *, lazily: bool = False) -> None:
    """Take it down; ``OSError`` EBUSY while somebody uses it, unless ``lazily``."""
    flags = _MNT_DETACH if lazily else 0
    if _LIBC.umount2(os.fsencode(path), flags) != 0:
        _fail(path)


@contextmanager
def _users(first_id: int, count: int) -> Iterator[int]:
    """A namespace of users, as a descriptor."""
    helper = subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL", "unshare", "--user", "cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        process = f"/proc/{helper.pid}"
        ours = os.readlink("/proc/self/ns/user")
        give_up = time.monotonic() + _NAMESPACE_SECONDS
        while os.readlink(f"{process}/ns/user") == ours:
            if time.monotonic() > give_up or helper.poll() is not None:
                raise OSError("no namespace of users can be made here")
            time.sleep(_POLL_SECONDS)
        for name in ("uid_map", "gid_map"):
            with open(f"{process}/{name}", "w", encoding="ascii") as file:
                file.write(f"0 {first_id} {count}\n")
        namespace = os.open(f"{process}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield namespace
        finally:
            os.close(namespace)
    finally:
        helper.kill()
        helper.communicate()


def _mount(source: str, target: str, flags: int) -> None:
    found = _LIBC.mount(
        os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None
    )
    if found != 0:
        _fail(target)


def _call(number: int, *arguments: int | str | bytes) -> int:
    values = [
        ctypes.c_char_p(os.fsencode(each) if isinstance(each, str) else each)
        if isinstance(each, str | bytes)
        else ctypes.c_long(each)
        for each in arguments
    ]
    found = int(_LIBC.syscall(ctypes.c_long(number), *values))
    if found < 0:
        _fail(str(number))
    return found


def _fail(what: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), what)
