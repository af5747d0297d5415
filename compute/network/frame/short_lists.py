"""Lists of a few things that no table holds as they are shown: zones, agents, pools.

They are filtered, ordered and cut into pages here, by the same parameters as the lists
of tables: a client that asks for pages would go round for ever if ``marker`` counted
for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from compute.core.api.frame import ApiCall, json_reply
from compute.core.api.pagination import PAGE_MAX, Page, parse_page
from compute.core.api.query import TRUE_WORDS
from compute.core.errors import BadRequest
from compute.network.frame.bodies import Body, only
from compute.network.frame.collection import CONTROLS
from compute.network.frame.links import page_links
from objectstore.kernel.reply import Reply


def short_list(
    call: ApiCall,
    plural: str,
    items: Sequence[Body],
    attributes: Sequence[str],
    *,
    identifier: str = "id",
    order: Sequence[str] = (),
    passed: Sequence[str] = (),
) -> Reply:
    """The items that the query asks for.  ``attributes``: those by which they are
    filtered and ordered; ``identifier``: the one that markers name; ``order``: by
    what when nothing is said; ``passed``: filters that were heeded before.
    ``BadRequest`` for an unknown filter or marker."""
    page = parse_page(
        call.query,
        sortable=frozenset(attributes),
        default_sort=tuple((name, False) for name in order or (identifier,)),
    )
    wanted: dict[str, list[str]] = {}
    for name, value in call.query.pairs:
        if name in CONTROLS or name in passed:
            continue
        if name not in attributes:
            raise BadRequest(
                f"Invalid input for filters: [{name!r}] is invalid attribute for"
                " filtering",
                kind="HTTPBadRequest",
            )
        wanted.setdefault(name, []).append(value)
    found = [
        item
        for item in items
        if all(_is_one_of(item[name], values) for name, values in wanted.items())
    ]
    shown = _cut(_ordered(found, page, identifier), page, identifier)
    document: Body = {plural: [only(item, call) for item in shown]}
    if links := page_links(call, [item[identifier] for item in shown], page):
        document[f"{plural}_links"] = links
    return json_reply(200, document)


def _is_one_of(found: object, values: Sequence[str]) -> bool:
    if isinstance(found, bool):
        return found in [value.lower() in TRUE_WORDS for value in values]
    return ("" if found is None else str(found)) in values


def _ordered(items: Sequence[Body], page: Page, identifier: str) -> list[Body]:
    found = list(items)
    for name, down in reversed([*page.sort, (identifier, False)]):
        found.sort(key=lambda item: str(item[name] or ""), reverse=down)
    return found


def _cut(items: list[Body], page: Page, identifier: str) -> list[Body]:
    count = page.limit or PAGE_MAX
    places = {item[identifier]: place for place, item in enumerate(items)}
    if page.marker and page.marker not in places:
        raise BadRequest(f"The marker {page.marker[:64]} is not there")
    if page.reverse:
        end = places[page.marker] if page.marker else len(items)
        return items[max(0, end - count) : end]
    start = places[page.marker] + 1 if page.marker else 0
    return items[start : start + count]
