"""An account's or container's own facts, and the rules that change them.

Pure: each rule takes ``Facts`` and returns new ones.  A database is *live* when
its newest PUT is newer than its newest DELETE.  A DELETE ends everything that
is not newer than it: metadata items and rows; so a database that is created
again starts clean, and replicas agree about it whatever order they hear it in.

``created`` and ``policy`` belong to one life: they come from the earliest PUT
after the last DELETE that this replica knows of.  Where replicas disagree about
a container's policy (two first PUTs raced) the earliest PUT is right, and of
equally early ones the lower policy: ``join`` gives every replica that answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from objectstore.database.merge import TimedMetadata, merge_metadata
from objectstore.kernel.errors import Rejected

# Swift's published limits on what POSTs may add up to; a single request's are
# the proxy's business.
METADATA_ITEMS_MAX = 90
METADATA_BYTES_MAX = 4096
_COUNTED_PREFIXES = ("x-account-meta-", "x-container-meta-")


@dataclass(frozen=True, slots=True)
class Facts:
    """All but the rows.  ``container`` is "" for an account."""

    account: str
    container: str = ""
    created: int = 0
    put_timestamp: int = 0
    deleted_timestamp: int = 0
    policy: int = 0
    metadata: TimedMetadata = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """Created, and not deleted since."""
        return self.put_timestamp > self.deleted_timestamp

    @property
    def is_known(self) -> bool:
        """Whether there ever was a PUT or DELETE."""
        return bool(self.put_timestamp or self.deleted_timestamp)

    @property
    def status_changed(self) -> int:
        """When it last came to life or was deleted."""
        return self.created if self.is_live else self.deleted_timestamp

    @property
    def live_metadata(self) -> Mapping[str, str]:
        """The metadata that is set, without removed items."""
        return {name: value for name, (value, _) in self.metadata.items() if value}


def join(one: Facts, other: Facts) -> Facts:
    """What two facts of one database know together."""
    deleted = max(one.deleted_timestamp, other.deleted_timestamp)
    put, policy = max(
        (one.put_timestamp, one.policy), (other.put_timestamp, other.policy)
    )
    births = [
        (facts.created, facts.policy)
        for facts in (one, other)
        if facts.created > deleted
    ]
    if births:
        created, policy = min(births)
    else:
        created = put if put > deleted else 0
    metadata = {
        name: item
        for name, item in merge_metadata(one.metadata, other.metadata).items()
        if item[1] > deleted
    }
    return Facts(one.account, one.container, created, put, deleted, policy, metadata)


def created_by(facts: Facts, timestamp: int, policy: int) -> Facts:
    """After a PUT; one that is not newer than the DELETE changes nothing."""
    if timestamp <= facts.deleted_timestamp:
        return facts
    return join(
        facts,
        Facts(
            facts.account,
            facts.container,
            created=timestamp,
            put_timestamp=timestamp,
            policy=policy,
        ),
    )


def deleted_by(facts: Facts, timestamp: int) -> Facts:
    """After a DELETE.

    One that is older than the newest PUT does not end the life, but what is
    older than the DELETE still goes.
    """
    return join(
        facts, Facts(facts.account, facts.container, deleted_timestamp=timestamp)
    )


def posted_by(facts: Facts, metadata: TimedMetadata) -> Facts:
    """After a POST, or the metadata of a PUT."""
    return join(facts, Facts(facts.account, facts.container, metadata=metadata))


def without_old_removals(facts: Facts, before: int) -> Facts:
    """Without removed metadata items older than ``before``: every replica has
    heard of those."""
    kept = {
        name: item
        for name, item in facts.metadata.items()
        if item[0] or item[1] >= before
    }
    if len(kept) == len(facts.metadata):
        return facts
    return replace(facts, metadata=kept)


def check_metadata(facts: Facts) -> None:
    """``Rejected`` 400 when the user's metadata has grown over the limits."""
    items = size = 0
    for name, (value, _) in facts.metadata.items():
        lowered = name.lower()
        for prefix in _COUNTED_PREFIXES:
            if value and lowered.startswith(prefix):
                items += 1
                size += len(name.encode()) - len(prefix) + len(value.encode())
    if items > METADATA_ITEMS_MAX:
        raise Rejected(400, f"Too many metadata items; max {METADATA_ITEMS_MAX}")
    if size > METADATA_BYTES_MAX:
        raise Rejected(400, f"Total metadata too large; max {METADATA_BYTES_MAX}")
