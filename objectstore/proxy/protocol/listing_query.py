"""The query parameters of a listing, as the nodes understand them."""

from __future__ import annotations

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Request
from objectstore.proxy.protocol.headers import YES
from objectstore.proxy.protocol.limits import LISTING_MAX, RESERVED, RESERVED_END
from objectstore.wire.records import ListingQuery


def listing_query(request: Request, *, hides_reserved: bool = False) -> ListingQuery:
    """Rejected 412 for a limit over the largest, or names with a NUL; markers, which
    only bound a listing, may have one: it is what follows a name directly.

    ``path`` is the older way to ask for one level of names: it is a prefix that
    ends in a slash, with the slash as delimiter and without subdirectories.
    ``hides_reserved``: the listing may hold reserved names, which clients do not see.
    """
    query = request.query
    texts = {
        name: query.get(name, "")
        for name in ("marker", "end_marker", "prefix", "delimiter")
    }
    sees_reserved = request.context.allow_reserved_names
    if not sees_reserved and RESERVED in texts["prefix"] + texts["delimiter"]:
        raise Rejected(412, "Invalid UTF8 or contains NULL")
    is_path = "path" in query
    if is_path:
        # Only slashes mean the level below a leading slash; nothing means the top.
        path = query["path"]
        texts["prefix"] = f"{path.rstrip('/')}/" if path else ""
        texts["delimiter"] = "/"
    is_reverse = query.get("reverse", "").lower() in YES
    if hides_reserved and not sees_reserved:
        bound = "end_marker" if is_reverse else "marker"
        texts[bound] = max(texts[bound], RESERVED_END)
    return ListingQuery(
        limit=_limit(query.get("limit", "")),
        reverse=is_reverse,
        include_prefix_itself=not is_path,
        **texts,
    )


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        # What is no number is no limit, as clients have come to expect.
        return LISTING_MAX
    if len(text) > 10 or int(text) > LISTING_MAX:
        raise Rejected(412, f"Maximum limit is {LISTING_MAX}")
    return int(text)
