"""The three roots of every error: whose fault is it, and does a retry help?

* ``Rejected``: the caller asked for something wrong.  Retrying the same call
  gives the same answer.  Carries the HTTP status and the short text that an
  API sends back.
* ``Unavailable``: something needed is away, slow or full just now.  Another
  replica, or a later retry, may succeed.
* ``Corrupt``: data or program is wrong.  Quarantine the data, crash the step;
  never answer with it.

Foreign exceptions (``OSError``, ``sqlite3.Error``, parser errors ...) are
translated to one of these where they enter the house: at the port.
"""

from __future__ import annotations

from http import HTTPStatus

# Not every status in use is in the registry that HTTPStatus knows (498, 499).
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class RingstackError(Exception):
    """Root of the three roots; never raised itself."""


class Rejected(RingstackError):
    """The caller's fault.

    ``status`` is an HTTP status (4xx), ``text`` the short explanation for the
    body, ``headers`` extra reply headers.
    """

    def __init__(
        self,
        status: int,
        text: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {text or _PHRASES.get(status, '')}".rstrip())
        self.status = status
        self.text = text
        self.headers = headers


class Unavailable(RingstackError):
    """Away, slow or full: retry elsewhere or later."""


class InsufficientStorage(Unavailable):
    """The device is full (ENOSPC, EDQUOT) or above its write limit: 507."""


class DeadlineExceeded(Unavailable):
    """A wait lasted longer than its caller allowed."""


class Corrupt(RingstackError):
    """Stored data does not match its checksum, or a format is not ours."""
