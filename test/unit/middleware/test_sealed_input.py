"""An encrypted upload: what is left of it, and what becomes of one that fails."""

from __future__ import annotations

import gc
import io
import weakref

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.middleware.crypto.blocks import BLOCK_BYTES, sealed_size
from objectstore.middleware.crypto.keys import PathKey
from objectstore.middleware.crypto.sealed_input import SealedInput
from objectstore.middleware.crypto.stored import ListedEtags

KEY = PathKey("", b"k" * 32)
BODY = b"x" * (2 * BLOCK_BYTES + 1)


def sealed(body: bytes, length: int, announced: str = "") -> SealedInput:
    listed = ListedEtags(KEY, "", has_size=False)
    return SealedInput(io.BytesIO(body), length, KEY, listed, announced)


@pytest.mark.parametrize("body", [BODY, BODY[:BLOCK_BYTES], b""], ids=len)
def test_nothing_stays_of_one_that_was_read_as_far_as_it_is_long(body: bytes) -> None:
    """Cycles would: the collector looks at what has lived for a while very seldom."""
    gc.disable()
    try:
        upload = sealed(body, len(body))
        size = sealed_size(len(body))
        assert len(upload.read(size)) == size
        assert upload.footers()
        gone = weakref.ref(upload)
        del upload
        assert gone() is None
    finally:
        gc.enable()


def test_one_that_failed_has_no_end() -> None:
    for upload in (sealed(BODY, len(BODY) + 1), sealed(BODY, len(BODY), "0" * 32)):
        for _ in range(2):
            with pytest.raises(Rejected):
                upload.read()
