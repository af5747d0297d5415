"""ACLs in headers, as every auth filter treats them: checked before they are stored,
account ACLs shown to owners under their public name."""

from __future__ import annotations

from typing import Any

from objectstore.kernel.reply import HeaderList
from objectstore.kernel.request import Request, StartResponse
from objectstore.middleware.auth import account_acl
from objectstore.middleware.auth.account_acl import check_account_acl, without_nobody
from objectstore.middleware.auth.acl import clean_acl

_ACL_HEADERS = ("X-Container-Read", "X-Container-Write")


def translate_acl_headers(
    request: Request, start_response: StartResponse
) -> StartResponse:
    """Turn public names and forms into stored ones in the request, and back in its
    reply: what to begin that with."""
    if request.method in ("PUT", "POST"):
        _clean_acl_headers(request)
    # Replies about objects have no ACLs.
    if request.environ["PATH_INFO"].count("/") <= 3:
        return _showing_account_acl(request, start_response)
    return start_response


def _clean_acl_headers(request: Request) -> None:
    """Bring the ACLs of a request into the form in which they are stored."""
    for name in _ACL_HEADERS:
        value = request.header(name)
        if value:
            request.set_header(name, clean_acl(name, value))
    if request.has_header(account_acl.HEADER):
        value = request.header(account_acl.HEADER)
        check_account_acl(value)
        request.remove_header(account_acl.HEADER)
        request.set_header(account_acl.STORED_HEADER, without_nobody(value))


def _showing_account_acl(
    request: Request, start_response: StartResponse
) -> StartResponse:
    """Show the account's ACL to its owner under the header's public name."""

    def start(status: str, headers: HeaderList, exc_info: Any = None) -> Any:
        if request.context.is_owner:
            stored = account_acl.STORED_HEADER.lower()
            headers = [
                (account_acl.HEADER, value) if name.lower() == stored else (name, value)
                for name, value in headers
            ]
        if exc_info is None:
            return start_response(status, headers)
        return start_response(status, headers, exc_info)

    return start
