"""Where a copy comes from and where it goes, as its request says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request


@dataclass(frozen=True, slots=True)
class Source:
    """Where to copy from."""

    account: str
    container: str
    object: str


def turned_into_put(request: Request) -> Source:
    """Make the COPY a PUT of its destination; where to copy from."""
    version, account, container, name = request.split()
    if not request.header("Destination"):
        raise Rejected(412, "Destination header required")
    to_account = account
    if request.has_header("Destination-Account"):
        to_account = _account_in(request, "Destination-Account")
    to_container, to_name = _path_in(request, "Destination")
    request.method = request.environ["REQUEST_METHOD"] = "PUT"
    request.set_path(f"/{version}/{to_account}/{to_container}/{to_name}")
    request.remove_header("Destination")
    request.remove_header("Destination-Account")
    return Source(account, container, name)


def source_of(request: Request, account: str) -> Source:
    """Where a PUT that says ``X-Copy-From`` is to copy from."""
    if request.header("X-Copy-From-Account"):
        account = _account_in(request, "X-Copy-From-Account")
    return Source(account, *_path_in(request, "X-Copy-From"))


def _path_in(request: Request, header: str) -> tuple[str, str]:
    """(container, object) of a header such as ``/container/object``."""
    text = _unquoted(request.header(header))
    container, _, name = text.removeprefix("/").partition("/")
    if not container or not name:
        raise Rejected(
            412, f"{header} header must be of the form <container name>/<object name>"
        )
    return container, name


def _account_in(request: Request, header: str) -> str:
    account = _unquoted(request.header(header))
    if not account:
        raise Rejected(412, "Account name cannot be empty")
    if "/" in account:
        raise Rejected(412, "Account name cannot contain slashes")
    return account


def _unquoted(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Rejected(412, "Invalid UTF8 or contains NULL") from None
