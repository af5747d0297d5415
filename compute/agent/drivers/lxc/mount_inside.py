"""Mounts in the sight of a container's processes.

    python -I -S mount_inside.py mount PROCESS FIRST_ID TREE NAME
    python -I -S mount_inside.py unmount PROCESS FIRST_ID NAME

``TREE``, a mount of the host's, is seen by the container of that process below
``/media``.  A process for each call: it goes into the container's sight, from where
there is no way back, and runs nothing that it finds there.  The directory is made as
the container's root, who is nobody here; no name on the way may lead elsewhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress

_LIBC = ctypes.CDLL(None, use_errno=True)
_OPEN_TREE, _MOVE_MOUNT = 428, 429
_CLONE, _CLOEXEC = 1, os.O_CLOEXEC
_FROM_EMPTY, _TO_EMPTY = 0x04, 0x40
_AT_FDCWD = -100
_NEW_MOUNTS = 0x0002_0000
_NO_FOLLOW = 8
_PLACE = "media"
BUSY = 16
"""The status when somebody uses it."""


def main(words: list[str]) -> int:
    """See above."""
    act, process, first_id, *rest = words
    tree = -1
    if act == "mount":
        tree = _called(_OPEN_TREE, _AT_FDCWD, rest[0], _CLONE | _CLOEXEC)
    _enter(int(process))
    name = rest[-1]
    if act == "mount":
        _show(tree, name, int(first_id))
        return 0
    return _hide(name, int(first_id))


def _enter(process: int) -> None:
    namespace = os.open(f"/proc/{process}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    root = os.open(f"/proc/{process}/root", os.O_PATH | os.O_DIRECTORY)
    if _LIBC.setns(namespace, _NEW_MOUNTS) != 0:
        _fail("setns")
    os.fchdir(root)
    os.chroot(".")


def _show(tree: int, name: str, first_id: int) -> None:
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    for each in (_PLACE, name):
        _as_user(first_id, _make, each, place)
        below = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
        place = os.open(each, below, dir_fd=place)
    _called(_MOVE_MOUNT, tree, "", place, "", _FROM_EMPTY | _TO_EMPTY)


def _hide(name: str, first_id: int) -> int:
    path = f"/{_PLACE}/{name}"
    if _LIBC.umount2(os.fsencode(path), _NO_FOLLOW) != 0:
        if ctypes.get_errno() == errno.EBUSY:
            return BUSY
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOENT):
            _fail(path)
    _as_user(first_id, _remove, path, 0)
    return 0


def _make(name: str, place: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=place)


def _remove(path: str, _: int) -> None:
    with suppress(OSError):  # it is the container's own
        os.rmdir(path)


def _as_user(user: int, act: object, name: str, place: int) -> None:
    """File systems see that user, and none of our powers."""
    _LIBC.setfsgid(user)
    _LIBC.setfsuid(user)
    try:
        act(name, place)  # type: ignore[operator]
    finally:
        _LIBC.setfsuid(0)
        _LIBC.setfsgid(0)


def _called(number: int, *arguments: int | str) -> int:
    values = [
        ctypes.c_char_p(os.fsencode(each))
        if isinstance(each, str)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
