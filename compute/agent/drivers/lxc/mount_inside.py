"""Mounts in the sight of a container's processes.

    python -I -S mount_inside.py mount PROCESS FIRST_ID TREE NAME
    python -I -S mount_inside.py unmount PROCESS FIRST_ID NAME

``TREE``, a mount of the host's, is seen by the container of that process below
``/media``.  A process for each call: it becomes the container's root, who is nobody
here, and goes into the container's sight, from where there is no way back.  It runs
nothing that it finds there, and reads nothing; no name on the way may lead elsewhere.

The mount comes by a sight that belongs to the container's users and is a copy of the
host's: so the kernel lets nobody inside take back what it forbids (devices), and what
the container mounts below it stays its own.
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
_EMPTY_PATH, _FROM_EMPTY, _TO_EMPTY = 0x1000, 0x04, 0x40
_AT_FDCWD = -100
_NEW_MOUNTS, _NEW_USERS = 0x0002_0000, 0x1000_0000
_NO_FOLLOW = 8
_PLACE = "media"
BUSY = 16
"""The status when somebody uses it."""


def main(words: list[str]) -> int:
    """See above."""
    try:
        return _act(*words)
    except OSError as error:
        # Python would show it with lines of our source: of a file that is now looked
        # for where strangers put what they like.
        print(error, file=sys.stderr)
        return 1


def _act(act: str, process: str, first_id: str, *rest: str) -> int:
    users, mounts = (
        os.open(f"/proc/{process}/ns/{each}", os.O_RDONLY | os.O_CLOEXEC)
        for each in ("user", "mnt")
    )
    root = os.open(f"/proc/{process}/root", os.O_PATH | os.O_DIRECTORY)
    name = rest[-1]
    if act == "mount":
        os.chdir(rest[0])
    _join(users, _NEW_USERS)
    _become_root(int(first_id))
    tree = _tree_here() if act == "mount" else -1
    _join(mounts, _NEW_MOUNTS)
    os.fchdir(root)
    os.chroot(".")
    if act == "mount":
        _show(tree, name)
        return 0
    return _hide(name)


def _join(namespace: int, kind: int) -> None:
    if _LIBC.setns(namespace, kind) != 0:
        _fail("setns")


def _become_root(first_id: int) -> None:
    """Of the container that was meant, not of another one by the same number."""
    with open("/proc/self/uid_map", encoding="ascii") as lines:
        if [int(each) for each in lines.readline().split()[:2]] != [0, first_id]:
            raise OSError(errno.ESRCH, "the container has ended")
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _tree_here() -> int:
    """The mount that we are in, as one that can be put elsewhere."""
    if _LIBC.unshare(_NEW_MOUNTS) != 0:
        _fail("unshare")
    return _called(_OPEN_TREE, _AT_FDCWD, "", _EMPTY_PATH | _CLONE | _CLOEXEC)


def _show(tree: int, name: str) -> None:
    place = os.open("/", os.O_PATH | os.O_DIRECTORY)
    for each in (_PLACE, name):
        with suppress(FileExistsError):
            os.mkdir(each, 0o755, dir_fd=place)
        below = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW
        place = os.open(each, below, dir_fd=place)
    _called(_MOVE_MOUNT, tree, "", place, "", _FROM_EMPTY | _TO_EMPTY)


def _hide(name: str) -> int:
    path = f"/{_PLACE}/{name}"
    if _LIBC.umount2(os.fsencode(path), _NO_FOLLOW) != 0:
        if ctypes.get_errno() == errno.EBUSY:
            return BUSY
        if ctypes.get_errno() not in (errno.EINVAL, errno.ENOENT):
            _fail(path)
    with suppress(OSError):  # it is the container's own
        os.rmdir(path)
    return 0


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
