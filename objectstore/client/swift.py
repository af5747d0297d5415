"""A client of one Swift account: objects in and out as streams.

    account = SwiftAccount(caller, tokens, "/v1/AUTH_service")
    account.put_container("images")
    etag = account.put("images", "a/1", pieces)
    with account.get("images", "a/1", first=0, last=99) as answer:
        for piece in answer: ...

What is not there is ``NotFound`` (a ``Rejected`` 404); a store that is away, full or
does not take our token is ``Unavailable``: neither is the user's fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from objectstore.client.caller import Answer, Caller, Content
from objectstore.kernel.errors import InsufficientStorage, Rejected, Unavailable

# A store that has taken a whole body syncs it on several disks before it answers.
PUT_TIMEOUT_SECONDS = 120.0
# Swift's own page.
LISTING_PAGE = 10_000
ERROR_TEXT_BYTES_MAX = 500


class Tokens(Protocol):
    """Gives a token that the store takes."""

    def token(self) -> str:
        """A token that is good for some minutes at least."""


class NotFound(Rejected):
    """There is no such container or object."""

    def __init__(self, path: str) -> None:
        super().__init__(404, f"{path} is not in the object store")


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """One object as HEAD tells it."""

    size_bytes: int
    etag: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing: an object, or (``is_prefix``) what several begin with."""

    name: str
    size_bytes: int = 0
    etag: str = ""
    last_modified: str = ""
    is_prefix: bool = False


class SwiftAccount:
    """Objects of one account."""

    def __init__(self, caller: Caller, tokens: Tokens, account_path: str) -> None:
        """``account_path``: ``/v1/AUTH_<project id>``."""
        self._caller = caller
        self._tokens = tokens
        self._path = account_path.rstrip("/")

    # ---- containers ------------------------------------------------------------

    def put_container(
        self, container: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Make the container; fine when it is there."""
        self._call("PUT", self._place(container), headers).close()

    def delete_container(self, container: str) -> bool:
        """Remove the empty container; whether it was there.  ``Rejected`` 409 when
        it holds objects."""
        return self._remove(self._place(container))

    def containers(self, prefix: str = "") -> Iterator[str]:
        """Names of the account's containers."""
        for entry in self._pages("", {"prefix": prefix}):
            yield entry["name"]

    def list_objects(
        self, container: str, prefix: str = "", delimiter: str = "", marker: str = ""
    ) -> Iterator[Listed]:
        """The container's objects in order of their names, page by page."""
        query = {"prefix": prefix, "delimiter": delimiter, "marker": marker}
        for entry in self._pages(container, query):
            if "subdir" in entry:
                yield Listed(entry["subdir"], is_prefix=True)
            else:
                yield Listed(
                    entry["name"],
                    entry["bytes"],
                    entry["hash"],
                    entry["last_modified"],
                )

    # ---- objects ---------------------------------------------------------------

    def put(
        self,
        container: str,
        name: str,
        content: Content,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Store an object, whole or piece by piece; its ETag (MD5).

        When ``content`` raises, nothing is stored and its exception comes out here.
        """
        path = self._place(container, name)
        if isinstance(content, bytes):
            body: Content = content
            watched = None
        else:
            body = watched = _Watched(content)
        try:
            answer = self._call("PUT", path, headers, body, PUT_TIMEOUT_SECONDS)
        finally:
            # A service of this process turns it into a reply of its own.
            if watched is not None and watched.error is not None:
                raise watched.error
        with answer:
            answer.read()
            return answer.headers.get("etag", "").strip('"')

    def get(
        self,
        container: str,
        name: str,
        first: int | None = None,
        last: int | None = None,
    ) -> Answer:
        """The object, or its bytes ``first`` to ``last`` (inclusive).  Read the
        answer to its end, or close it."""
        headers = {}
        if first is not None:
            headers["Range"] = f"bytes={first}-{'' if last is None else last}"
        return self._call("GET", self._place(container, name), headers)

    def head(self, container: str, name: str) -> ObjectFacts:
        """What HEAD tells: size, ETag and metadata."""
        with self._call("HEAD", self._place(container, name)) as answer:
            found = answer.headers
            return ObjectFacts(
                int(found.get("content-length", "0")),
                found.get("etag", "").strip('"'),
                {
                    key.removeprefix("x-object-meta-"): value
                    for key, value in found.items()
                    if key.startswith("x-object-meta-")
                },
            )

    def delete(self, container: str, name: str) -> bool:
        """Remove the object; whether it was there."""
        return self._remove(self._place(container, name))

    # ---- inside ----------------------------------------------------------------

    def _place(self, container: str, name: str = "") -> str:
        path = f"{self._path}/{quote(container, safe='')}"
        return f"{path}/{quote(name)}" if name else path

    def _remove(self, path: str) -> bool:
        try:
            self._call("DELETE", path).close()
        except NotFound:
            return False
        return True

    def _pages(self, container: str, query: Mapping[str, str]) -> Iterator[Any]:
        path = self._place(container) if container else self._path
        asked = {key: value for key, value in query.items() if value}
        asked |= {"format": "json", "limit": str(LISTING_PAGE)}
        while True:
            with self._call("GET", f"{path}?{urlencode(asked)}") as answer:
                entries = answer.json() or []
            yield from entries
            if len(entries) < LISTING_PAGE:
                return
            asked["marker"] = entries[-1].get("name") or entries[-1]["subdir"]

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Content = b"",
        timeout: float | None = None,
    ) -> Answer:
        sent = dict(headers or {})
        sent["X-Auth-Token"] = self._tokens.token()
        answer = self._caller.request(method, path, sent, body, timeout=timeout)
        if answer.status < 300:
            return answer
        with answer:
            raise _refusal(answer, f"{method} {path.partition('?')[0]}")


class _Watched:
    """Pieces of a body; remembers how they failed."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._pieces
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise


def _refusal(answer: Answer, what: str) -> Exception:
    if answer.status == 404:
        return NotFound(what)
    if answer.status == 507:
        return InsufficientStorage(f"{what}: the object store is full")
    if answer.status in (401, 403) or answer.status >= 500:
        return Unavailable(f"{what}: the object store answered {answer.status}")
    text = answer.read(1024 * 1024)[:ERROR_TEXT_BYTES_MAX].decode("utf-8", "replace")
    return Rejected(answer.status, f"{what}: {text}")
