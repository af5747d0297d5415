"""Small objects in the house's account: put, listed and taken away.

Queues and indexes of the S3 face are containers there; they come into being when
first written to.
"""

from __future__ import annotations

from typing import Any

import orjson

from objectstore.kernel.errors import Unavailable
from objectstore.kernel.request import Environ
from objectstore.s3.inner import Store, query_string
from objectstore.s3.registry import ACCOUNT

LISTING_BYTES_MAX = 16 * 1024 * 1024
Entry = dict[str, Any]


class HouseObjects:
    """The house's account as steps and verbs use it.  Raises ``Unavailable``."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(
        self,
        environ: Environ,
        container: str,
        name: str,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> bool:
        """Write; False when a condition in ``headers`` did not hold."""
        sent = {"Content-Type": "application/octet-stream", **(headers or {})}
        for _ in range(2):
            answer = self._store.ask(
                environ,
                "PUT",
                ACCOUNT,
                container,
                name,
                headers=sent,
                body=body,
                internal=True,
            ).discard()
            if answer.is_success:
                return True
            if answer.status in (409, 412):
                return False
            if answer.status != 404:
                break
            self._store.ask(environ, "PUT", ACCOUNT, container, internal=True).discard()
        raise Unavailable(f"the house's account answers {answer.status}")

    def get(
        self, environ: Environ, container: str, name: str, limit: int
    ) -> tuple[bytes, str] | None:
        """(body, ETag); None where there is no such object."""
        answer = self._store.ask(
            environ,
            "GET",
            ACCOUNT,
            container,
            name,
            headers={"X-Newest": "true"},
            internal=True,
        )
        if answer.status == 404:
            answer.discard()
            return None
        if answer.status != 200:
            answer.close()
            raise Unavailable(f"the house's account answers {answer.status}")
        return answer.read(limit), answer.get("etag").strip('"')

    def delete(
        self, environ: Environ, container: str, name: str = "", etag: str = ""
    ) -> bool:
        """Take away (with ``etag``: only that state of it); whether it is gone."""
        answer = self._store.ask(
            environ,
            "DELETE",
            ACCOUNT,
            container,
            name,
            headers={"If-Match": etag} if etag else None,
            internal=True,
        ).discard()
        return answer.is_success or answer.status == 404

    def list(
        self, environ: Environ, container: str = "", **query: str | int
    ) -> list[Entry]:
        """A page of a container, or of the account's containers."""
        answer = self._store.ask(
            environ,
            "GET",
            ACCOUNT,
            container,
            query=query_string(format="json", **query),
            internal=True,
        )
        if answer.status == 404:
            answer.discard()
            return []
        if answer.status == 204:
            answer.discard()
            return []
        if answer.status != 200:
            answer.close()
            raise Unavailable(f"the house's account answers {answer.status}")
        entries: list[Entry] = orjson.loads(answer.read(LISTING_BYTES_MAX))
        return entries
