"""Who sends an S3 request: a user, a user with temporary keys, or anybody.

The *account* is the Swift account in which a user's buckets are (``AUTH_test``);
it is also what S3 calls the canonical user ID: grants and owners name it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from objectstore.kernel.access import Identity
from objectstore.s3.signing.claim import Verified


class Caller(NamedTuple):
    """The requester."""

    identity: Identity | None = None
    account: str = ""  # "" for anybody
    verified: Verified | None = None
    # The session policy of temporary keys, parsed; None without.
    session_policy: Any = None
    # Whether the keys are temporary, with a policy or without.
    is_session: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed the request."""
        return self.identity is None

    @property
    def user(self) -> str:
        """``account:user``, "" for anybody."""
        return "" if self.identity is None else self.identity.user

    def owns(self, account: str) -> bool:
        """Whether the caller may do anything in the account."""
        identity = self.identity
        return identity is not None and (
            account in identity.owned_accounts
            or (identity.is_reseller_admin and not account.startswith("."))
        )

    def may_read(self, account: str) -> bool:
        """Whether the caller may read everything in the account."""
        identity = self.identity
        return self.owns(account) or (
            identity is not None and account in identity.readable_accounts
        )

    def is_named(self, name: str) -> bool:
        """Whether a canonical ID in a grant means this caller.

        An account means those who own it: its other users have no rights unless
        they are named themselves.
        """
        identity = self.identity
        return identity is not None and (
            name == identity.user
            or name in identity.owned_accounts
            or name in identity.groups
        )


ANYBODY = Caller()


def account_of(identity: Identity, reseller_prefix: str) -> str:
    """The account in which a user's buckets are."""
    if identity.owned_accounts:
        return identity.owned_accounts[0]
    return reseller_prefix + identity.user.partition(":")[0]
