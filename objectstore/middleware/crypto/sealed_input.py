"""A client's body as it is stored: encrypted while it is read.

When it has been read to its end it knows the plain size and MD5: they go with it as
footers, sealed, and stand in the reply and in listings.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import footers_of
from objectstore.middleware.crypto.blocks import BLOCK_BYTES, nonce_of
from objectstore.middleware.crypto.keys import KEY_BYTES, PathKey
from objectstore.middleware.crypto.stored import (
    BODY,
    ETAG,
    ETAG_MAC,
    ListedEtags,
)
from objectstore.middleware.iterable_input import IterableInput
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE


class SealedInput(IterableInput):
    """``wsgi.input`` of an encrypted upload."""

    def __init__(
        self,
        body: Any,
        length: int | None,
        key: PathKey,
        listed: ListedEtags,
        announced: str,
    ) -> None:
        """``announced`` is the plain ETag that the client expects; "": none."""
        self._blocks = SealedBlocks(body, length, announced)
        super().__init__(self._blocks)
        self._body = body
        self._key = key
        self._listed = listed

    @property
    def etag(self) -> str:
        """The plain bytes' MD5, once all was read."""
        return self._blocks.etag

    def footers(self) -> Mapping[str, str]:
        """What is stored beside the body, known at its end."""
        blocks = self._blocks
        blocks.check()
        key, etag = self._key, blocks.etag
        inner = dict(footers_of(self._body))
        own = inner.pop(LISTED_ETAG, "")
        sizes = self._listed.has_size or LISTED_SIZE in inner
        body = {
            "size": blocks.size,
            "key": blocks.key.hex(),
            "listed": bool(own or self._listed.given),
            "sized": sizes,
        }
        stored = {
            **inner,
            BODY: f"{key.secret_id};{key.seal(orjson.dumps(body), 'body')}",
            ETAG: key.seal(etag.encode(), "etag"),
            ETAG_MAC: key.mac(etag),
            LISTED_ETAG: self._listed.sealed(own, etag),
        }
        if not sizes:
            stored[LISTED_SIZE] = str(blocks.size)
        return stored


class SealedBlocks:
    """The blocks of a body, each encrypted when it is asked for.

    No generator, which would be of the input and the input of it: who has what he was
    told the length of does not ask for more, and what is not at its end, and refers to
    itself, stays in memory for long (``kernel.interpreter``).
    """

    def __init__(self, body: Any, length: int | None, announced: str) -> None:
        self.key = os.urandom(KEY_BYTES)
        self.size = 0  # of what was read
        self._body = body
        self._unread = length  # None: not known
        self._announced = announced
        self._cipher = AESGCM(self.key)
        self._digest = hashlib.md5(usedforsecurity=False)
        self._number = 0
        self._has_ended = False

    @property
    def etag(self) -> str:
        """The plain bytes' MD5, once all was read."""
        return self._digest.hexdigest()

    def check(self) -> None:
        """Rejected 422 when the client announced other bytes."""
        if self._announced and self._announced != self.etag:
            raise Rejected(422)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._has_ended:
            raise StopIteration
        block = self._plain_block()
        self.size += len(block)
        self._digest.update(block)
        if len(block) < BLOCK_BYTES or self._unread == 0:
            self.check()  # before the end is handed out
            self._has_ended = True
        if not block:
            raise StopIteration
        sealed = self._cipher.encrypt(nonce_of(self._number), block, None)
        self._number += 1
        return sealed

    def _plain_block(self) -> bytes:
        block = b""
        while len(block) < BLOCK_BYTES and self._unread != 0:
            size = BLOCK_BYTES - len(block)
            if self._unread is not None:
                size = min(size, self._unread)
            piece: bytes = self._body.read(size)
            if not piece:
                if self._unread:
                    raise Rejected(499, "Client Disconnect")
                break
            if self._unread is not None:
                self._unread -= len(piece)
            block = block + piece if block else piece
        return block
