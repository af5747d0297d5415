"""A client's body as it is stored: encrypted while it is read.

When it has been read to its end it knows the plain size and MD5: they go with it as
footers, sealed, and stand in the reply and in listings.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
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
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE


class SealedInput:
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
        self._body = body
        self._left = length
        self._key = key
        self._listed = listed
        self._announced = announced
        self._body_key = os.urandom(KEY_BYTES)
        self._cipher = AESGCM(self._body_key)
        self._digest = hashlib.md5(usedforsecurity=False)
        self._size = 0
        self._number = 0
        self._ready = memoryview(b"")
        self._ended = False

    @property
    def etag(self) -> str:
        """The plain bytes' MD5, once all was read."""
        return self._digest.hexdigest()

    def read(self, size: int | None = -1) -> bytes:
        """``size`` encrypted bytes, fewer only at the end; all when negative."""
        pieces: list[bytes] = []
        wanted = -1 if size is None else size
        while wanted:
            piece = self._take(wanted)
            if not piece:
                break
            pieces.append(bytes(piece))
            if wanted > 0:
                wanted -= len(piece)
        return b"".join(pieces)

    def readinto(self, view: Any) -> int:
        """Fill ``view``; fewer bytes only at the end."""
        filled = 0
        while filled < len(view):
            piece = self._take(len(view) - filled)
            if not piece:
                break
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def _take(self, size: int) -> memoryview:
        if not self._ready and not self._ended:
            self._ready = memoryview(self._next_block())
        if size < 0:
            size = len(self._ready)
        taken, self._ready = self._ready[:size], self._ready[size:]
        return taken

    def _next_block(self) -> bytes:
        block = self._plain_block()
        if len(block) < BLOCK_BYTES:
            self._ended = True
        if not block:
            self._check()
            return b""
        self._size += len(block)
        self._digest.update(block)
        sealed = self._cipher.encrypt(nonce_of(self._number), block, None)
        self._number += 1
        if self._ended or self._left == 0:
            self._check()
        return sealed

    def _plain_block(self) -> bytes:
        block = b""
        while len(block) < BLOCK_BYTES and self._left != 0:
            size = BLOCK_BYTES - len(block)
            if self._left is not None:
                size = min(size, self._left)
            piece: bytes = self._body.read(size)
            if not piece:
                if self._left:
                    raise Rejected(499, "Client Disconnect")
                break
            if self._left is not None:
                self._left -= len(piece)
            block = block + piece if block else piece
        return block

    def _check(self) -> None:
        """Rejected 422 when the client announced other bytes."""
        if self._announced and self._announced != self.etag:
            raise Rejected(422)

    def footers(self) -> Mapping[str, str]:
        """What is stored beside the body, known at its end."""
        self._check()
        key, etag = self._key, self.etag
        inner = dict(footers_of(self._body))
        own = inner.pop(LISTED_ETAG, "")
        sizes = self._listed.has_size or LISTED_SIZE in inner
        body = {
            "size": self._size,
            "key": self._body_key.hex(),
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
            stored[LISTED_SIZE] = str(self._size)
        return stored
