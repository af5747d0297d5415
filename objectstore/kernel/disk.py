"""The disk port: everything the stores ask of a file system.

``Disk`` is the contract; ``kernel.system_disk.SystemDisk`` is the machine's own,
and tests and the simulation bring disks that fail, fill up or lose power.  Only
SQLite goes around it, by a path that its own opener port hands out.

Descriptors are plain integers.  Every method raises the house's errors only:

* ``InsufficientStorage``: full (ENOSPC, EDQUOT);
* ``FileMissing``, ``FilePresent``: the name is not, or already, there;
* ``Unavailable``: everything else that the operating system refuses.

What survives a crash is exactly what POSIX promises: bytes of a file after
``sync_data`` (or a kept ``write_and_sync``), names in a directory after
``sync_directory``.
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

from objectstore.kernel.concurrency import Promise
from objectstore.kernel.errors import InsufficientStorage, RingstackError, Unavailable

P = ParamSpec("P")
T = TypeVar("T")
Buffer = bytes | bytearray | memoryview


class FileMissing(Unavailable):
    """No file or directory of that name."""


class FilePresent(Unavailable):
    """A file of that name is already there."""


class Locked(Unavailable):
    """Another process (or another opener in this one) holds the lock."""


_ERRORS: dict[int, type[Unavailable]] = {
    errno.ENOSPC: InsufficientStorage,
    errno.EDQUOT: InsufficientStorage,
    errno.ENOENT: FileMissing,
    errno.EEXIST: FilePresent,
    errno.EWOULDBLOCK: Locked,
}


def translated(error: OSError) -> RingstackError:
    """The house's error for what the operating system said."""
    kind = _ERRORS.get(error.errno or 0, Unavailable)
    return kind(f"disk: {error}")


def translating(function: Callable[P, T]) -> Callable[P, T]:
    """Let the house's errors out, never an ``OSError``."""

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return function(*arguments, **named)
        except OSError as error:
            raise translated(error) from error

    return call


class Space(NamedTuple):
    """Bytes of a file system, as an unprivileged writer may use them."""

    total: int
    free: int


class FileFacts(NamedTuple):
    """What the file system says of one file."""

    size: int
    modified_seconds: float  # since the epoch
    is_directory: bool


class Disk(Protocol):
    """A file system.  Calls block for as long as the disk takes; those that
    may take over a millisecond are for ``offload``."""

    # ---- descriptors --------------------------------------------------------

    def create(self, path: str) -> int:
        """Create a file for reading and writing; ``FilePresent`` if it exists."""

    def open(self, path: str, *, write: bool = False) -> int:
        """Open an existing file; ``FileMissing`` if there is none."""

    def create_unnamed(self, directory: str) -> int:
        """A file without a name, gone when closed unless ``link_unnamed``.

        Where the file system has no such thing it is a file called
        ``.unnamed-...``; whoever owns the directory sweeps old ones.
        """

    def link_unnamed(self, descriptor: int, path: str) -> None:
        """Give it a name; ``FilePresent`` if that is taken."""

    def open_direct(self, descriptor: int) -> int | None:
        """The open file once more, for writing and reading around the page cache; None
        where that cannot be had, for whatever reason.  Never fails.

        ``pwrite`` and ``write_and_sync`` take one buffer there, of whole blocks
        (``kernel.blocks``), at the beginning of a block.  Such a ``write_and_sync``
        syncs these bytes and not what others wrote.  Close it first.
        """

    def close(self, descriptor: int) -> None:
        """Close; never fails."""

    # ---- bytes --------------------------------------------------------------

    def pread(self, descriptor: int, length: int, offset: int) -> bytes:
        """Up to ``length`` bytes; fewer only at the end of the file."""

    def pread_cached(self, descriptor: int, length: int, offset: int) -> bytes | None:
        """These bytes, if they can be had without waiting for the disk; None: what is
        not in the page cache, or not in the file, is for ``pread`` on a native thread.
        Where nobody can tell it reads all the same."""

    def pread_into(self, descriptor: int, buffer: memoryview, offset: int) -> int:
        """Fill the buffer; the bytes read, fewer only at the end of the file."""

    def read_around(self, direct: int, memory: memoryview, offset: int) -> Promise[int]:
        """Fill whole blocks of memory (``kernel.blocks``), from where a block begins,
        from what ``open_direct`` gave, without holding up the caller; the bytes read,
        fewer only at the end of the file.  Leaves nothing in the page cache.  The
        memory may be written until it is done, whatever is closed meanwhile."""

    def pwrite(self, descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
        """Write all buffers one after the other; returns the bytes written.
        After an error any part of them may have been written."""

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut or extend (with zeros) to ``length``."""

    def allocate(self, descriptor: int, offset: int, length: int) -> None:
        """Reserve blocks, reading as zeros, and let the file grow over them:
        writing there later cannot run out of space."""

    def sync_data(self, descriptor: int) -> None:
        """fdatasync.  After an error nothing written since the last success
        may be trusted to be on disk, whatever a later sync says."""

    def start_writeback(self, descriptor: int, offset: int, length: int) -> None:
        """Ask for these bytes to be written soon; promises nothing."""

    def forget_cached(self, descriptor: int, offset: int, length: int) -> None:
        """These bytes will not be read again soon: they need not stay in memory.
        Promises nothing."""

    def cached_bytes(self, descriptor: int, offset: int, length: int) -> int:
        """How much of this can be had from memory; 0 where nobody can tell."""

    def bring_into_cache(self, descriptor: int, offset: int, length: int) -> None:
        """Have this in memory for those who read it next.  Blocks."""

    def cache_room(self) -> int:
        """Bytes of memory that files can be brought into without harm; 0 where nobody
        can tell, or where there is no such cache."""

    def write_and_sync(
        self, descriptor: int, buffers: Sequence[Buffer], offset: int
    ) -> Promise[None]:
        """``pwrite`` then ``sync_data`` without holding up the caller: the
        heart of group commit.  The buffers must stay unchanged until done."""

    # ---- names --------------------------------------------------------------

    def facts(self, path: str) -> FileFacts:
        """``FileMissing`` if there is nothing of that name."""

    def size(self, descriptor: int) -> int:
        """Bytes in the open file."""

    def list(self, directory: str) -> list[str]:
        """Names in it, sorted."""

    def make_directories(self, path: str) -> None:
        """Create it and its missing parents, durably; fine if it is there."""

    def make_directory(self, path: str) -> None:
        """Create it durably; fine if it is there.  ``FileMissing`` without its parent:
        what is written while a device goes away does not make it anew."""

    def rename(self, source: str, target: str) -> None:
        """Atomically, replacing ``target``."""

    def unlink(self, path: str) -> None:
        """Remove the name of a file."""

    def sync_directory(self, path: str) -> None:
        """Make the names in it durable."""

    def replace_file(self, path: str, content: bytes) -> None:
        """Write a small file so that after a crash it holds either its old
        content or the new one; durable on return."""

    def read_file(self, path: str) -> bytes:
        """The content of a small file."""

    # ---- the rest -----------------------------------------------------------

    def set_attribute(self, descriptor: int, name: str, value: bytes) -> None:
        """Set the extended attribute ``user.<name>``."""

    def get_attribute(self, descriptor: int, name: str) -> bytes:
        """The extended attribute; ``Unavailable`` if there is none."""

    def space(self, path: str) -> Space:
        """Total and free bytes of the file system that holds ``path``."""

    def is_mount(self, path: str) -> bool:
        """Whether a file system is mounted right here."""

    def lock(self, path: str) -> int:
        """Create the file if needed and lock it for this opener alone until
        the returned descriptor is closed or the process ends; else ``Locked``."""

    def is_open_elsewhere(self, descriptor: int) -> bool:
        """Whether somebody else has this file open, too; True where nobody can tell.
        The descriptor is open for writing."""

    def pause(self, seconds: float) -> None:
        """Blocks: on native threads, so that others have the disk and the processors
        meanwhile."""

    def offload(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a call that may block for long, without holding up the other
        greenlets; the caller waits."""

    def offload_in_turn(self, function: Callable[..., T], *arguments: object) -> T:
        """The same for what costs CPU and nobody is in a hurry for: after others of
        its kind in this process, unless they take long."""
