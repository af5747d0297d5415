"""LUKS disks by qemu-img.

A passphrase reaches it by a file in memory that only the program and we have open:
arguments can be read by every user of the host.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from compute.core.disks.qemu_img import COPYING
from compute.core.program import ProgramFailed, ProgramLimits, run_program

# The passphrase is a random key already: to try one costs an attacker the same 2^128
# whatever a try takes, so a guest's start shall not wait for longer than this.
ITERATION_MS = 100
HASH = "sha512"
# QEMU measures how fast it hashes, and gives up where the kernel's clock ticks slower.
MEASURING_FAILED = "Unable to get accurate CPU usage"
TRIES_MAX = 10
MAKING = ProgramLimits(cpu_seconds=120)


def create(
    path: str,
    size_bytes: int,
    cipher: tuple[str, str, str],
    passphrase: str,
) -> None:
    """A disk of that size; its file is longer, by the header.  ``cipher``: algorithm,
    mode and origin of the vectors."""
    algorithm, mode, vectors = cipher
    options = (
        f"key-secret=key,cipher-alg={algorithm},cipher-mode={mode}"
        f",ivgen-alg={vectors},hash-alg={HASH},iter-time={ITERATION_MS}"
    )
    words = ["create", "-q", "-f", "luks", "-o", options, path, str(size_bytes)]
    for attempt in range(1, TRIES_MAX + 1):
        try:
            _run(words, passphrase, MAKING)
            return
        except ProgramFailed as error:
            if MEASURING_FAILED not in error.text or attempt == TRIES_MAX:
                raise


def write_over(source: str, source_format: str, target: str, passphrase: str) -> None:
    """Write all that ``source`` reads as over the beginning of a LUKS disk; ``target``:
    ``file_options`` or ``nbd_options``."""
    image = f"driver=luks,key-secret=key,{target}"
    words = ["convert", "-q", "-n", "-f", source_format, "--target-image-opts"]
    _run([*words, source, image], passphrase, COPYING)


def file_options(path: str) -> str:
    """A LUKS disk in a file."""
    return f"file.driver=file,file.filename={_escaped(path)}"


def nbd_options(socket_path: str, export: str) -> str:
    """A LUKS disk that is served on a unix socket."""
    server = f"file.server.type=unix,file.server.path={_escaped(socket_path)}"
    return f"file.driver=nbd,{server},file.export={_escaped(export)}"


def _run(words: Sequence[str], passphrase: str, limits: ProgramLimits) -> None:
    with in_memory(passphrase) as descriptor:
        secret = f"secret,id=key,file=/proc/self/fd/{descriptor}"
        verb, *more = words
        run_program(
            ["qemu-img", verb, "--object", secret, *more],
            limits,
            descriptors=[descriptor],
        )


@contextmanager
def in_memory(text: str) -> Iterator[int]:
    """The passphrase as a file that has no name: its descriptor."""
    descriptor = os.memfd_create("passphrase")
    try:
        os.write(descriptor, text.encode("ascii"))
        yield descriptor
    finally:
        os.close(descriptor)


def _escaped(text: str) -> str:
    """A comma would begin the next option."""
    return text.replace(",", ",,")
