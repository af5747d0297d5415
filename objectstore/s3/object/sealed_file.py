"""A form's file that is sealed with a client's key (SSE-C).

Every sealed block vouches for the length of the whole, which a form does not say
before its end: so the file is read first, and may not be large.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from objectstore.kernel.concurrency import Semaphore, deadline
from objectstore.kernel.errors import DeadlineExceeded
from objectstore.s3 import sysmeta
from objectstore.s3.errors import S3Error
from objectstore.s3.object.customer_key import CustomerKey
from objectstore.s3.payload.block_cipher import SealingInput
from objectstore.s3.payload.form_stream import FormStream

# What one form may take of the memory of a proxy; larger files are put, or uploaded
# in parts.
SEALED_FORM_BYTES_MAX = 16 * 1024 * 1024
# And so many at once: 128 MiB of a process, as much as pieces of other uploads have.
SEALED_FORMS_MAX = 8
# As long as other uploads wait for memory (``kernel.body_memory``).
TURN_SECONDS = 20.0
TURNS = Semaphore(SEALED_FORMS_MAX)


class _ReadFile(io.BytesIO):
    """The file's bytes, which still know their checksum."""

    def __init__(self, stream: FormStream) -> None:
        super().__init__(stream.read())
        self.footers = stream.footers


@contextmanager
def form_memory(seconds: float = TURN_SECONDS) -> Iterator[None]:
    """For one form, from its first byte until it is stored.  ``S3Error`` when others
    have all of it for so long."""
    try:
        with deadline(seconds):
            TURNS.acquire()
    except DeadlineExceeded:
        raise S3Error(
            "SlowDown", "Too many forms at once that are to be encrypted with their key"
        ) from None
    try:
        yield
    finally:
        TURNS.release()


def sealed_file(
    stream: FormStream, key: CustomerKey, headers: dict[str, str]
) -> SealingInput:
    """The file as a sealed ``wsgi.input``; ``headers`` learn how to open it.

    The caller has limited the stream to ``SEALED_FORM_BYTES_MAX``, and has
    ``form_memory``.
    """
    plain = _ReadFile(stream)
    headers[sysmeta.SSE_C], cipher = key.new_record(stream.size)
    headers[sysmeta.LISTING_SIZE] = str(stream.size)
    return SealingInput(plain, cipher)
