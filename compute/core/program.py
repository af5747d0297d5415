"""Run another program to its end: green, bounded in time, memory and output.

What a host runs (qemu-img above all) reads bytes that strangers uploaded, so each
run has limits of its own, set by ``prlimit``; and it dies with the agent (``setpriv
--pdeathsig``), so that who is killed leaves nobody who still writes to his files.
Waiting costs no native thread: the process is a descriptor (pidfd) to the hub.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from objectstore.kernel import concurrency
from objectstore.kernel.errors import DeadlineExceeded, Unavailable

# Reports are a few KiB; a program that says more than this is out of its mind.
OUTPUT_BYTES_MAX = 1 << 20
_READ_BYTES = 64 * 1024
_ERROR_TEXT_MAX = 500


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """What one run may use."""

    # Nova gives qemu-img as much memory and a little less time.
    address_space_bytes: int = 1 << 30
    cpu_seconds: int = 60
    seconds: float = 600.0  # by the clock


DEFAULT_LIMITS = ProgramLimits()


class ProgramFailed(Unavailable):
    """The program ended with an error; ``text`` is what it said."""

    def __init__(self, name: str, status: int, text: str) -> None:
        said = text.strip()[-_ERROR_TEXT_MAX:]
        super().__init__(f"{name} ended with {status}: {said}")
        self.status = status
        self.text = said


class ProgramMissing(Unavailable):
    """The program is not installed."""


def run_program(
    arguments: Sequence[str],
    limits: ProgramLimits = DEFAULT_LIMITS,
    *,
    environment: dict[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> bytes:
    """Run it; what it wrote to its standard output.  ``descriptors``: files of ours
    that are open to it too, as ``/proc/self/fd/N``.

    Raises ``ProgramFailed``, ``ProgramMissing``, or ``DeadlineExceeded`` (it is
    killed then).  When the calling greenlet is killed, so is the program.
    """
    with tempfile.TemporaryFile() as errors:
        process = _start(arguments, limits, environment, errors, descriptors)
        assert process.stdout is not None
        try:
            with concurrency.deadline(limits.seconds):
                output = _read_all(process.stdout)
                _wait_for_end(process)
        except DeadlineExceeded:
            raise DeadlineExceeded(
                f"{arguments[0]} was not done within {limits.seconds:g} s"
            ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()  # dying of SIGKILL takes no time worth yielding for
            process.stdout.close()
        if process.returncode != 0:
            errors.seek(0)
            text = errors.read(OUTPUT_BYTES_MAX).decode("utf-8", "replace")
            raise ProgramFailed(arguments[0], process.returncode, text)
    return output


def _start(
    arguments: Sequence[str],
    limits: ProgramLimits,
    environment: dict[str, str] | None,
    errors: IO[bytes],
    descriptors: Sequence[int],
) -> subprocess.Popen[bytes]:
    command = [
        "setpriv",
        "--pdeathsig=KILL",
        "prlimit",
        f"--as={limits.address_space_bytes}",
        f"--cpu={limits.cpu_seconds}",
        "--core=0",
        "--",
        *arguments,
    ]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(environment),
            start_new_session=True,
            pass_fds=tuple(descriptors),
        )
    except FileNotFoundError:
        raise ProgramMissing("setpriv and prlimit (util-linux) are needed") from None
    except OSError as error:
        raise Unavailable(f"{arguments[0]} cannot be started: {error}") from error


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    # mke2fs and mkswap live where ordinary users' paths do not look.
    path = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return {**os.environ, "LC_ALL": "C", "PATH": path, **(more or {})}


def _read_all(pipe: IO[bytes]) -> bytes:
    descriptor = pipe.fileno()
    os.set_blocking(descriptor, False)
    pieces: list[bytes] = []
    size = 0
    while True:
        try:
            piece = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            concurrency.wait_readable(descriptor)
            continue
        if not piece:
            return b"".join(pieces)
        size += len(piece)
        if size > OUTPUT_BYTES_MAX:
            raise Unavailable("a program wrote more than its output may hold")
        pieces.append(piece)


def _wait_for_end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    descriptor = os.pidfd_open(process.pid)
    try:
        concurrency.wait_readable(descriptor)
    finally:
        os.close(descriptor)
    process.wait()
