"""What the room's services and loops are made from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from compute.core.context import RequestContext
from compute.core.errors import NotFound, PolicyNotAuthorized
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy
from compute.core.sql.database import Database
from compute.core.sql.room_database import RoomDatabase
from compute.secret.model import Container, Order, Secret
from compute.secret.settings import SecretSettings
from compute.secret.store import Stores
from objectstore.kernel.clock import Clock
from objectstore.kernel.concurrency import Semaphore

Thing = Secret | Container | Order
ADMIN = "admin"


@dataclass(slots=True)
class Parts(RoomDatabase):
    """One for each process."""

    database: Database
    clock: Clock
    random: Random
    settings: SecretSettings
    policy: Policy
    stores: Stores
    identifiers: Identifiers = field(init=False)
    # Making an RSA key takes a core for about a second; by project, how many it waits
    # for.
    key_turns: Semaphore = field(init=False)
    keys_awaited: Counter[str] = field(init=False, default_factory=Counter)

    def __post_init__(self) -> None:
        self.identifiers = Identifiers(self.random)
        self.key_turns = Semaphore(self.settings.keys_at_once)

    def check(self, context: RequestContext, rule: str, thing: Thing) -> None:
        """``PolicyNotAuthorized`` where the caller may not do that to it; ``NotFound``
        where he is not even to know of it."""
        listed = not isinstance(thing, Order) and context.user_id in thing.access.users
        private = not isinstance(thing, Order) and not thing.access.project_access
        target = {
            "project_id": thing.project_id,
            "creator_id": thing.creator_id,
            "private": "yes" if private else "no",
            "listed": "read" if listed else "",
        }
        if self.policy.allows(context, rule, target):
            return
        is_ours = bool(context.project_id) and context.project_id == thing.project_id
        knows = isinstance(thing, Secret) and self.policy.allows(
            context, "secret:get", target
        )
        if is_ours or listed or knows:
            raise refusal(rule)
        raise missing(thing.id)


def missing(thing_id: str) -> NotFound:
    """There is no such thing, or it is somebody else's: who asks is not told which."""
    return NotFound(f"Not found: {thing_id[:64]}")


def refusal(rule: str) -> PolicyNotAuthorized:
    """The caller's roles are not those that it takes."""
    return PolicyNotAuthorized(
        f"{rule} is not allowed to you. Please review your roles."
    )
