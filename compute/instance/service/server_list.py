"""Lists of servers, a page at a time.

What SQL cannot tell is looked for in one transaction after the other, so that a list
with a rare name in a large project holds up neither writers nor other readers.
"""

from __future__ import annotations

import functools

from compute.core.api.pagination import Page
from compute.instance.parts import Parts
from compute.instance.records import Server
from compute.instance.stores.server_filter import ServerFilter
from compute.instance.stores.servers import Place
from objectstore.kernel import concurrency


def list_servers(parts: Parts, wanted: ServerFilter, page: Page) -> list[Server]:
    """One page.  ``BadRequest`` for a marker that is no server."""
    some = functools.partial(parts.stores.servers.some, wanted=wanted, page=page)
    found: list[Server] = []
    place: Place | None = None
    while True:
        more = parts.database.read(functools.partial(some, place=place))
        found += more.found
        place = more.place
        if place is None or len(found) >= page.limit:
            return found[: page.limit]
        # Other requests, too.
        concurrency.sleep(0)
