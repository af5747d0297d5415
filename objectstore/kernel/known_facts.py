"""What filters may ask of accounts, containers and places without sending requests."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Located(NamedTuple):
    """Where something is kept: the devices, primaries first, as (address and port of
    the node, device); the partition; the storage policy."""

    devices: tuple[tuple[str, int, str], ...]
    partition: int
    policy: int


class Facts(Protocol):
    """What is known, cached, of accounts and containers (``DatabaseInfo``, or
    None where there is none live).  Raises ``Unavailable`` when nobody can say."""

    def account(self, account: str) -> Any:
        """The account's facts."""

    def container(self, account: str, container: str) -> Any:
        """The container's facts."""

    def fresh_account(self, account: str) -> Any:
        """The account's facts, asked for now."""

    def fresh_container(self, account: str, container: str) -> Any:
        """The same, asked for now: counts as they are."""

    def locate(self, account: str, container: str = "", name: str = "") -> Located:
        """Where it is, or would be, kept."""
