"""A program that hashes for its parent: MD5 of what lies in memory that both see.

    python -I -S hash_program.py DESCRIPTOR SIZE

``DESCRIPTOR`` is the memory's, ``SIZE`` its size.  It reads questions (``QUESTION``:
where in the memory, how long) and writes an answer of ``ANSWER_BYTES`` to each, in
their order, and before all of them one that says that it is there.  It ends with its
parent, and when nobody has asked for a while: whoever needs it starts it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import select
import signal
import struct
import sys

QUESTION = struct.Struct("=II")
ANSWER_BYTES = 16
# A whole number of questions, and what a pipe takes or gives in one piece.
QUESTIONS_BYTES_MAX = 4096
# An interpreter of some 5 MB is not kept for a store that has nothing to hash.
IDLE_SECONDS = 60.0


def answer(asked: int, told: int, memory: memoryview, idle_seconds: float) -> None:
    """Answer questions until they end, or none came for so long."""
    os.write(told, bytes(ANSWER_BYTES))
    poll = select.poll()
    poll.register(asked, select.POLLIN)
    while poll.poll(idle_seconds * 1000):
        questions = os.read(asked, QUESTIONS_BYTES_MAX)
        if not questions:
            return
        # Each at once: its writer need not wait for those behind.
        for start, length in QUESTION.iter_unpack(questions):
            body = memory[start : start + length]
            os.write(told, hashlib.md5(body, usedforsecurity=False).digest())


def main(descriptor: int, size: int) -> None:
    """Answer on the standard streams."""
    # What ends the parent comes to the whole group, and it still has work to finish.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pages = mmap.mmap(descriptor, size, mmap.MAP_SHARED, mmap.PROT_READ)
    with contextlib.suppress(BrokenPipeError):  # the parent has ended
        answer(0, 1, memoryview(pages), IDLE_SECONDS)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
