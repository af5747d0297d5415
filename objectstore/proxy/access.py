"""Asking whoever authorises, once the ACLs are known."""

from __future__ import annotations

from objectstore.kernel.access import AccessRules
from objectstore.kernel.request import Request
from objectstore.proxy.parts import Parts
from objectstore.wire.records import DatabaseInfo

READ_ACL = "X-Container-Read"
WRITE_ACL = "X-Container-Write"
# Where auth filters keep the account's ACL.
ACCOUNT_ACL = "X-Account-Sysmeta-Core-Access-Control"


def authorize(
    parts: Parts,
    request: Request,
    account: str,
    container: DatabaseInfo | None = None,
    acl: str = "",
) -> None:
    """Rejected 401 or 403 unless the requester may.

    ``acl`` names the container's ACL that the verb needs; "" where only the
    account's ACL can allow it.
    """
    check = request.context.authorize
    if check is None:
        return
    container_acl = ""
    if container is not None and acl:
        container_acl = container.metadata.get(acl, "")
    check(request, AccessRules(container_acl, _account_acl(parts, account)))


def _account_acl(parts: Parts, account: str) -> str:
    facts = parts.facts.account(account)
    return "" if facts is None else facts.metadata.get(ACCOUNT_ACL, "")
