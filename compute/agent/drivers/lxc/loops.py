"""Loop devices: a part of a file as a block device.  Blocks: on threads.

One for each disk of a container.  A device node of its own beside it belongs to the
container's root: programs that read what strangers wrote run as that nobody.
"""

from __future__ import annotations

import glob
import os
import stat
import subprocess
from contextlib import suppress

SECONDS_MAX = 60.0
_FILES = "/sys/block/loop*/loop/backing_file"


def attach(file: str, offset_bytes: int, length_bytes: int) -> str:
    """A device of that part of the file: its path.  ``OSError``."""
    place = ("--offset", str(offset_bytes), "--sizelimit", str(length_bytes))
    return _losetup("--find", "--show", *place, file)


def attach_whole(file: str, *, read_only: bool) -> str:
    """A device of the file as long as it is, or ``look_again`` finds it: its path.
    ``OSError``."""
    more = ("--read-only",) if read_only else ()
    return _losetup("--find", "--show", *more, file)


def look_again(file: str) -> None:
    """The file is longer now: so are its devices.  ``OSError``."""
    for device in devices_of(file):
        _losetup("--set-capacity", device)


def detach(file: str) -> None:
    """Every device of the file goes: at once, or with the last who uses it."""
    for device in devices_of(file):
        with suppress(OSError):  # it has gone meanwhile
            _losetup("--detach", device)


def devices_of(file: str) -> list[str]:
    """The devices that the file is behind."""
    found = []
    for path in glob.glob(_FILES):
        with suppress(OSError), open(path, encoding="utf-8") as name:
            if name.read().strip() == file:
                found.append("/dev/" + path.split("/")[3])
    return found


def is_going(device: str) -> bool:
    """Whether it goes with the last who uses it: its number is then another file's."""
    path = f"/sys/block/{os.path.basename(device)}/loop/autoclear"
    with suppress(OSError), open(path, encoding="ascii") as flag:
        return flag.read().strip() != "0"
    return True


def make_node(device: str, path: str, owner: int) -> None:
    """A node of that device that ``owner`` alone may use; in place of any other."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.mknod(path, stat.S_IFBLK | 0o600, os.stat(device).st_rdev)
    os.chown(path, owner, owner)


def _losetup(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["/usr/sbin/losetup", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError(f"losetup was not done within {SECONDS_MAX:g} s") from error
    if done.returncode != 0:
        raise OSError(done.stderr.decode("utf-8", "replace").strip())
    return done.stdout.decode("ascii").strip()
