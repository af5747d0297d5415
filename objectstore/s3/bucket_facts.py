"""What the S3 face knows of a bucket: its container's facts, read as S3 reads them.

The container's metadata is cached below; here its documents (ACL, policy, ...)
are parsed on first use and kept as long as the metadata is the same, so a busy
bucket's policy is parsed once a change and not once a request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from objectstore.kernel.request import Context
from objectstore.s3 import sysmeta
from objectstore.s3.documents import unpack
from objectstore.s3.names import is_hidden

T = TypeVar("T")

# Buckets whose parsed documents are kept.
CACHED_MAX = 2000
VERSIONS_ENABLED = "X-Container-Sysmeta-Versions-Enabled"
_SYSMETA = "x-container-sysmeta-"
# What Swift's older filter says for ever of a container whose writes it archived.
_ARCHIVED = "x-container-sysmeta-writes-archived"
# What may be said of a bucket without meaning anything for its owner's reads.
_ASIDE_FROM_READS = frozenset(
    {
        sysmeta.CONTAINER + name
        for name in (
            *("acl", "cors", "created", "encryption", "multipart", "notification"),
            *("ownership", "public-access-block", "tagging", "website"),
        )
    }
) | {_ARCHIVED}
# The same for what his writes store and tell, rights and logs aside.
_ASIDE_FROM_WRITES = frozenset(
    {
        sysmeta.CONTAINER + name
        for name in (
            *("acl", "cors", "created", "logging", "ownership", "policy"),
            *("public-access-block", "tagging", "website"),
        )
    }
) | {_ARCHIVED}
# Rights and logs are looked at on the long way; parts, by ``plain_writes`` itself.
_ASIDE_FROM_STRAIGHT_WRITES = _ASIDE_FROM_WRITES - {
    sysmeta.CONTAINER + name for name in ("logging", "policy")
} | {sysmeta.CONTAINER_MULTIPART}
# What else may be said of a container without meaning anything for its owner's writes.
_USERS = "x-container-meta-"
_SWIFT_ACLS = frozenset({"x-container-read", "x-container-write"})
_ARCHIVES = (_ARCHIVED, "x-versions-location", "x-history-location")
# In the names of all metadata that bound what is stored.
QUOTA = "quota"


class BucketFacts:
    """One bucket: where it is, and what its owner said about it."""

    __slots__ = (
        "_parsed",
        "account",
        "container",
        "info",
        "may_have_parts",
        "metadata",
        "reads_plainly",
        "writes_plainly",
        "writes_straight",
    )

    def __init__(self, account: str, container: str, info: Any) -> None:
        self.account = account
        self.container = container
        self.info = info
        self.metadata = {name.lower(): value for name, value in info.metadata.items()}
        # Whether its owner's reads need no look at what is said of it: no policy,
        # lifecycle, lock, versions or log, nor anything else that is not known here.
        self.reads_plainly = (
            ":" not in container
            and not is_hidden(container)
            and not any(
                name.startswith(_SYSMETA) and name not in _ASIDE_FROM_READS
                for name in self.metadata
            )
        )
        # Whether a write by its owner needs none, once it is allowed.
        self.writes_plainly = not any(
            name.startswith(_SYSMETA) and name not in _ASIDE_FROM_WRITES
            for name in self.metadata
        )
        # Whether any of its objects may be made of parts, which go when it goes.
        self.may_have_parts = sysmeta.CONTAINER_MULTIPART in self.metadata
        # Whether it needs not even to be looked for who is allowed to, and no filter
        # below has anything to do with it; what is made of parts aside.
        self.writes_straight = (
            all(map(_is_aside_from_straight_writes, self.metadata))
            and ":" not in container
            and not is_hidden(container)
        )
        self._parsed: dict[str, Any] = {}

    def document(self, name: str) -> str:
        """The text of a configuration document; "" where there is none."""
        return unpack(name, self.metadata)

    def parsed(self, name: str, parse: Callable[[str], T]) -> T | None:
        """A document through its parser, once; None where there is none."""
        if name not in self._parsed:
            text = self.document(name)
            self._parsed[name] = parse(text) if text else None
        found: T | None = self._parsed[name]
        return found

    @property
    def versioning(self) -> str:
        """``Enabled``, ``Suspended``, or "" when it never was on."""
        value = self.metadata.get(VERSIONS_ENABLED.lower(), "")
        if not value:
            return ""
        return "Enabled" if value.lower() in ("true", "1", "yes", "on") else "Suspended"

    @property
    def archives_writes(self) -> bool:
        """Whether Swift's older filter copies what is written over to a container that
        the client has named, or ever did: the copies may still be there."""
        return any(self.metadata.get(name) for name in _ARCHIVES)

    @property
    def has_object_lock(self) -> bool:
        """Whether versions in this bucket can be protected."""
        return sysmeta.CONTAINER + "object-lock" in self.metadata


def _is_aside_from_straight_writes(name: str) -> bool:
    if name.startswith(_SYSMETA):
        return name in _ASIDE_FROM_STRAIGHT_WRITES
    return name in _SWIFT_ACLS or (name.startswith(_USERS) and QUOTA not in name)


class BucketFactsCache:
    """``BucketFacts`` of buckets in use, bounded."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], BucketFacts] = OrderedDict()

    def find(
        self, context: Context, account: str, container: str
    ) -> BucketFacts | None:
        """The bucket's facts, None when there is no such container."""
        if context.facts is None:
            return None
        info = context.facts.container(account, container)
        place = (account, container)
        if info is None or not info.exists:
            self._known.pop(place, None)
            return None
        known = self._known.get(place)
        if known is not None and (
            known.info is info or known.info.metadata == info.metadata
        ):
            return known
        if len(self._known) >= CACHED_MAX:
            self._known.popitem(last=False)
        facts = self._known[place] = BucketFacts(account, container, info)
        return facts
