"""What a filter has to do with, said as data, so that it need not be asked in vain.

Most requests are for an object of which nothing but itself is asked: most filters hand
them on as they are.  A filter that says what concerns it (an attribute ``concerns``)
can be passed by when nothing of that is there; see ``middleware.shortcut``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Concerns:
    """What one filter, or several of them, look for in a plain request.

    A plain request is a GET, HEAD, PUT or DELETE of an object, without a query, by a
    client that a filter further out has recognised.  The filter hands it on as it came,
    and its reply back as it is, if nothing begins, ends or is called as said here.
    """

    # Keys of the environ begin so: ``HTTP_X_COPY_FROM``.
    request_keys: tuple[str, ...] = ()
    # Names of the container's metadata begin so, in Title-Case.
    container_metadata: tuple[str, ...] = ()
    # The container's name ends so.
    container_suffixes: tuple[str, ...] = ()
    # Names of the account's metadata begin so; only of PUTs.
    account_metadata: tuple[str, ...] = ()
    # The replies to GET and HEAD have headers of these very names.
    reply_headers: tuple[str, ...] = ()

    def __or__(self, other: Concerns) -> Concerns:
        """What either has to do with."""
        return Concerns(
            *(
                getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            )
        )
