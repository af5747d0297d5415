"""/v2/metadefs: namespaces, what they define, and resource types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.pagination import parse_page
from compute.core.api.query import boolean_of
from compute.core.errors import NotFound
from compute.image.metadefs.definitions import DefinitionService
from compute.image.metadefs.documents import (
    NAMESPACES,
    SCHEMAS,
    association_document,
    list_document,
    namespace_document,
    object_document,
    properties_document,
    property_document,
    resource_types_document,
    tag_document,
)
from compute.image.metadefs.model import (
    OBJECT,
    PROPERTY,
    RESOURCE_TYPE,
    TAG,
    Definition,
    Kind,
)
from compute.image.metadefs.namespaces import NamespaceService
from compute.image.metadefs.schemas import (
    CHANGED_NAMESPACE,
    NEW,
    NEW_NAMESPACE,
    NEW_TAGS,
    PUBLISHED,
)
from objectstore.kernel.reply import HeaderList, Reply

PAGE_DEFAULT = 25
SORT_KEYS = frozenset({"namespace", "created_at", "updated_at"})
DEFAULT_SORT = (("created_at", True),)
COLUMNS = {"namespace": "name"}
APPEND_HEADER = "X-OpenStack-Append"
ONE = f"{NAMESPACES}/{{namespace}}"
Show = Callable[[str, Definition], dict[str, Any]]
SHOWN: Mapping[str, Show] = {
    OBJECT.name: object_document,
    PROPERTY.name: lambda _, each: property_document(each),
    TAG.name: lambda _, each: tag_document(each),
}


class MetadefsApi:
    """Handlers of the routes below."""

    def __init__(
        self, namespaces: NamespaceService, definitions: DefinitionService
    ) -> None:
        self._namespaces = namespaces
        self._definitions = definitions

    def routes(self) -> list[Route]:
        """Where they answer."""
        tags, types = f"{ONE}/tags", f"{ONE}/resource_types"
        found = [
            Route("GET", NAMESPACES, self._list),
            Route("POST", NAMESPACES, self._create),
            Route("GET", ONE, self._show),
            Route("PUT", ONE, self._update),
            Route("DELETE", ONE, self._delete),
            Route("GET", f"{ONE}/objects", self._objects),
            Route("POST", f"{ONE}/objects", self._adder(OBJECT)),
            Route("GET", f"{ONE}/properties", self._properties),
            Route("POST", f"{ONE}/properties", self._adder(PROPERTY)),
            Route("GET", f"{ONE}/properties/{{key}}", self._property),
            Route("GET", tags, self._tags),
            Route("POST", tags, self._add_tags),
            Route("POST", f"{tags}/{{key}}", self._add_tag),
            Route("GET", types, self._associations),
            Route("POST", types, self._associate),
            Route("DELETE", f"{types}/{{key}}", self._remover(RESOURCE_TYPE)),
            Route("GET", "/v2/metadefs/resource_types", self._resource_types),
            Route("GET", f"{SCHEMAS}/{{name}}", self._schema),
        ]
        for kind in (OBJECT, PROPERTY, TAG):
            path = f"{ONE}/{kind.plural}"
            if kind is not PROPERTY:
                found.append(Route("GET", f"{path}/{{key}}", self._shower(kind)))
            found += [
                Route("PUT", f"{path}/{{key}}", self._changer(kind)),
                Route("DELETE", f"{path}/{{key}}", self._remover(kind)),
                Route("DELETE", path, self._clearer(kind)),
            ]
        return found

    # ---- namespaces ------------------------------------------------------------------

    def _list(self, call: ApiCall) -> Reply:
        query = call.query
        page = parse_page(query, sortable=SORT_KEYS, default_sort=DEFAULT_SORT)
        if "limit" not in query:
            page = replace(page, limit=PAGE_DEFAULT)
        sort = tuple((COLUMNS.get(key, key), down) for key, down in page.sort)
        wanted = [each for each in query.one("resource_types").split(",") if each]
        visibility = query.one("visibility")
        found = self._namespaces.page(
            call.context, replace(page, sort=sort), visibility, wanted
        )
        pairs = [pair for pair in query.pairs if pair[0] != "marker"]
        document = {
            "namespaces": [namespace_document(*each) for each in found],
            "first": _link(pairs),
            "schema": f"{SCHEMAS}/namespaces",
        }
        if found and len(found) == page.limit:
            document["next"] = _link([*pairs, ("marker", found[-1][0].name)])
        return json_reply(200, document)

    def _create(self, call: ApiCall) -> Reply:
        made = self._namespaces.create(call.context, call.json(NEW_NAMESPACE))
        return json_reply(201, namespace_document(*made), _location(call, made[0].name))

    def _show(self, call: ApiCall) -> Reply:
        found = self._namespaces.show(call.context, _namespace(call))
        return json_reply(200, namespace_document(*found, self._prefix(call)))

    def _update(self, call: ApiCall) -> Reply:
        document = call.json(CHANGED_NAMESPACE)
        changed = self._namespaces.update(call.context, _namespace(call), document)
        return json_reply(200, namespace_document(*changed))

    def _delete(self, call: ApiCall) -> Reply:
        self._namespaces.delete(call.context, _namespace(call))
        return empty_reply()

    # ---- objects, properties, tags ---------------------------------------------------

    def _shower(self, kind: Kind) -> Callable[[ApiCall], Reply]:
        def show(call: ApiCall) -> Reply:
            name, key = _namespace(call), call.parameters["key"]
            found = self._definitions.one(call.context, name, kind, key)
            return json_reply(200, SHOWN[kind.name](name, found))

        return show

    def _adder(self, kind: Kind) -> Callable[[ApiCall], Reply]:
        def add(call: ApiCall) -> Reply:
            name, given = _namespace(call), call.json(NEW[kind.name])
            (made,) = self._definitions.add(call.context, name, kind, [given])
            headers = _location(call, name, kind.plural, made.name)
            return json_reply(201, SHOWN[kind.name](name, made), headers)

        return add

    def _changer(self, kind: Kind) -> Callable[[ApiCall], Reply]:
        def change(call: ApiCall) -> Reply:
            name, given = _namespace(call), call.json(NEW[kind.name])
            changed = self._definitions.change(
                call.context, name, kind, call.parameters["key"], given
            )
            return json_reply(200, SHOWN[kind.name](name, changed))

        return change

    def _remover(self, kind: Kind) -> Callable[[ApiCall], Reply]:
        def remove(call: ApiCall) -> Reply:
            name, key = _namespace(call), call.parameters["key"]
            self._definitions.remove(call.context, name, kind, key)
            return empty_reply()

        return remove

    def _clearer(self, kind: Kind) -> Callable[[ApiCall], Reply]:
        def clear(call: ApiCall) -> Reply:
            self._definitions.remove_all(call.context, _namespace(call), kind)
            return empty_reply()

        return clear

    def _objects(self, call: ApiCall) -> Reply:
        name = _namespace(call)
        found = self._definitions.all(call.context, name, OBJECT)
        items = [object_document(name, each) for each in found]
        return json_reply(200, list_document(OBJECT, name, items))

    def _properties(self, call: ApiCall) -> Reply:
        name = _namespace(call)
        found = self._definitions.all(call.context, name, PROPERTY)
        shown = properties_document(found, self._prefix(call))
        return json_reply(200, {"properties": shown})

    def _property(self, call: ApiCall) -> Reply:
        """With a resource type its prefix is part of the name."""
        name, prefix = _namespace(call), self._prefix(call)
        key = call.parameters["key"].removeprefix(prefix)
        found = self._definitions.one(call.context, name, PROPERTY, key)
        return json_reply(200, property_document(found, prefix))

    def _prefix(self, call: ApiCall) -> str:
        wanted, name = call.query.one("resource_type"), _namespace(call)
        return self._definitions.prefix(call.context, name, wanted) if wanted else ""

    def _tags(self, call: ApiCall) -> Reply:
        name = _namespace(call)
        found = self._definitions.all(call.context, name, TAG)
        items = [{"name": each.name} for each in found]
        return json_reply(200, list_document(TAG, name, items))

    def _add_tags(self, call: ApiCall) -> Reply:
        """Instead of those that are there, unless a header says beside them."""
        name, given = _namespace(call), call.json(NEW_TAGS)["tags"]
        append = call.header(APPEND_HEADER)
        beside = bool(append) and boolean_of(APPEND_HEADER, append)
        made = self._definitions.add(
            call.context, name, TAG, given, replacing=not beside
        )
        return json_reply(201, {"tags": [{"name": each.name} for each in made]})

    def _add_tag(self, call: ApiCall) -> Reply:
        name, given = _namespace(call), {"name": call.parameters["key"]}
        NEW[TAG.name].check(given)
        (made,) = self._definitions.add(call.context, name, TAG, [given])
        headers = _location(call, name, TAG.plural, made.name)
        return json_reply(201, tag_document(made), headers)

    # ---- resource types --------------------------------------------------------------

    def _associations(self, call: ApiCall) -> Reply:
        found = self._definitions.all(call.context, _namespace(call), RESOURCE_TYPE)
        shown = [association_document(each) for each in found]
        return json_reply(200, {RESOURCE_TYPE.plural: shown})

    def _associate(self, call: ApiCall) -> Reply:
        name, given = _namespace(call), call.json(NEW[RESOURCE_TYPE.name])
        (made,) = self._definitions.add(call.context, name, RESOURCE_TYPE, [given])
        return json_reply(201, association_document(made))

    def _resource_types(self, call: ApiCall) -> Reply:
        found = self._definitions.resource_types(call.context)
        return json_reply(200, resource_types_document(found))

    def _schema(self, call: ApiCall) -> Reply:
        document = PUBLISHED.get(call.parameters["name"])
        if document is None:
            raise NotFound(f"There is no schema metadefs/{call.parameters['name']}")
        return json_reply(200, document)


def _namespace(call: ApiCall) -> str:
    return call.parameters["namespace"]


def _location(call: ApiCall, *names: str) -> HeaderList:
    """Names are of any letters, headers are not."""
    place = "/".join(quote(name, safe=":") for name in names)
    return [("Location", f"{call.base_url}{NAMESPACES}/{place}")]


def _link(pairs: list[tuple[str, str]]) -> str:
    return f"{NAMESPACES}?{urlencode(pairs)}" if pairs else NAMESPACES
