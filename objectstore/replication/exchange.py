"""Levelling one key between this device and another: what each room brings."""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeVar

N = TypeVar("N", contravariant=True)


class Outcome(NamedTuple):
    """What an exchange did.

    ``is_confirmed``: the other device now durably holds at least what this one
    held when it was asked.  ``is_gone``: the other device knows that it was deleted.
    """

    is_confirmed: bool
    sent: int = 0  # bytes
    received: int = 0
    pushed: int = 0  # 1 when the other device got something
    pulled: int = 0
    is_gone: bool = False


class Exchange(Protocol[N]):
    """Levels single keys; every call may be repeated at any time.

    Raises the house's errors: ``Unavailable`` when the other device is away,
    whatever else when this key cannot be levelled now.
    """

    def sync(self, key: bytes, peer: N, *, pull: bool) -> Outcome:
        """Send what the peer lacks; take what it has more, if ``pull``."""

    def digest(self, key: bytes) -> int | None:
        """The digest of what this device holds, as its node's ``states`` says;
        None for nothing."""

    def forget(self, key: bytes, digest: int) -> bool:
        """Drop the key if what is held still has that digest; whether it did."""
