"""Access rules: what little an application credential may do, if it says so.

A rule names a service type, a method and a path.  In a path ``*`` and ``{name}``
stand for one segment, ``**`` for any number of them.  A caller who has rules may do
what one of them allows and nothing else; none at all means no restriction.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

# Patterns in use at a time; each costs a kilobyte.
PATTERNS_MAX = 1000
_WILDCARD = re.compile(r"\*\*|\*|\{[^/{}]*\}")


class AccessRule(NamedTuple):
    """One thing that is allowed: ``compute``, ``GET``, ``/v2.1/servers/*``."""

    service: str
    method: str
    path: str


def is_allowed(
    rules: Iterable[AccessRule], service_type: str, method: str, path: str
) -> bool:
    """Whether one of the rules allows that request to that service."""
    return any(
        rule.service == service_type
        and rule.method == method
        and _pattern(rule.path).fullmatch(path) is not None
        for rule in rules
    )


@functools.lru_cache(PATTERNS_MAX)
def _pattern(path: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for wildcard in _WILDCARD.finditer(path):
        pieces.append(re.escape(path[end : wildcard.start()]))
        pieces.append(".*" if wildcard.group() == "**" else "[^/]+")
        end = wildcard.end()
    pieces.append(re.escape(path[end:]))
    return re.compile("".join(pieces))
