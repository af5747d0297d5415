"""What the rules say of one request: those of ``auth.rules``, with what the server
knows of the account and the container."""

from __future__ import annotations

from objectstore.kernel.access import AccessRules
from objectstore.kernel.request import Request
from objectstore.middleware.auth import account_acl
from objectstore.middleware.auth.account_acl import AccountAcl, parse_account_acl
from objectstore.middleware.auth.acl import ContainerAcl
from objectstore.middleware.auth.rules import Attempt, Verdict, decide
from objectstore.middleware.auth.users import ResellerPrefix
from objectstore.middleware.stored_facts import account_metadata


def verdict_on(
    request: Request,
    rules: AccessRules,
    container_acl: ContainerAcl,
    prefixes: tuple[ResellerPrefix, ...],
) -> Verdict:
    """Whether its client may do it; the account's ACL is looked up only where that
    depends on it.  An owner's request says so from now on."""
    _, account, container, name = request.split()
    context = request.context

    def stored_account_acl() -> AccountAcl:
        text = rules.account_acl or account_metadata(context, account).get(
            account_acl.STORED_HEADER, ""
        )
        return parse_account_acl(text)

    attempt = Attempt(
        request.method, account, container, name, request.header("Referer")
    )
    verdict = decide(
        context.identity, attempt, prefixes, container_acl, stored_account_acl
    )
    if verdict is Verdict.OWNER:
        context.is_owner = True
    return verdict
