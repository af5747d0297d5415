"""User metadata: the values are sealed on their way in and opened on their way out."""

from __future__ import annotations

from objectstore.kernel.metadata_limits import check_metadata
from objectstore.kernel.reply import HeaderList, Reply
from objectstore.kernel.request import Request
from objectstore.middleware.crypto.keys import Keys, PathKey
from objectstore.middleware.crypto.stored import META_PREFIX, META_SECRET, USER_PREFIX


def seal_metadata(request: Request, key: PathKey) -> None:
    """Before it is stored; with the secret that it is sealed under."""
    sent = list(request.headers_with_prefix(USER_PREFIX))
    if not sent:
        return
    check_metadata((name[len(USER_PREFIX) :], value) for name, value in sent)
    for name, value in sent:
        short = name[len(USER_PREFIX) :]
        request.remove_header(name)
        if value:
            sealed = key.seal(value.encode(), f"meta {short}")
            request.set_header(META_PREFIX + short, sealed)
    # Shown as its own header so that a POST may be under another secret.
    request.set_header(META_SECRET, f"id={key.secret_id}")


def open_metadata(reply: Reply, keys: Keys, path: tuple[str, str, str]) -> None:
    """As it was sent; what was never sealed stays as it is."""
    secret = reply.header(META_SECRET).removeprefix("id=")
    if not reply.header(META_SECRET):
        return
    key = keys.of(secret, *path)
    opened: HeaderList = []
    for name, value in reply.headers:
        if name.startswith(META_PREFIX):
            short = name[len(META_PREFIX) :]
            value = key.open(value, f"meta {short}").decode()
            name = USER_PREFIX + short
        if name != META_SECRET:
            opened.append((name, value))
    reply.headers = opened
