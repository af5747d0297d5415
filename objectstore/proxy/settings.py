"""What an operator can set of the proxy: the [app:proxy-server] section."""

from __future__ import annotations

from dataclasses import dataclass

from objectstore.kernel.option_types import Seconds
from objectstore.kernel.settings import option


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """How the proxy treats nodes and accounts."""

    account_autocreate: bool = option(
        True, "An owner's account comes into being when it is first used"
    )
    allow_account_management: bool = option(
        True, "Reseller admins may PUT and DELETE accounts"
    )
    node_timeout: Seconds = option(
        10.0, "A node that takes longer to answer is replaced by another", minimum=0.01
    )
    read_patience: Seconds = option(
        0.5, "After this long without an answer a further replica is asked", minimum=0
    )
    write_grace: Seconds = option(
        0.5, "So long a write that has its quorum waits for the last replica", minimum=0
    )
    return_patience: Seconds = option(
        5.0,
        "So long a write that nobody can stand in for (a conditional one, a change of"
        " metadata) waits for nodes that are away",
        minimum=0,
    )
    facts_seconds: Seconds = option(
        3.0, "How long facts of accounts and containers are remembered", minimum=0
    )
    facts_count: int = option(
        10_000, "How many accounts and containers are remembered", minimum=1
    )
    reserve_seconds: Seconds = option(
        15.0, "How long a conditional write may hold an object's name", minimum=1
    )
