"""``/stacks/{name}/{id}/resources``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.api.plain_json import check_plain
from compute.core.errors import BadRequest, Forbidden
from compute.core.sql.database import Connection
from compute.orchestration.api import documents
from compute.orchestration.api.deployments import to_apply
from compute.orchestration.api.frame import STACK, Frame, base_of
from compute.orchestration.engine.signatures import PARAMETER, is_signature
from compute.orchestration.engine.view import shown_attributes
from compute.orchestration.errors import NoSuchStack
from compute.orchestration.model import Resource, Stack
from compute.orchestration.planning.hooks import shown_state
from compute.orchestration.service.finding import find_resource, live_stack
from compute.orchestration.service.signaling import clear_hook, mark, signal
from compute.orchestration.template.cloudformation import hot_form
from objectstore.kernel.reply import Reply

NESTED_DEPTH_MAX = 100
# A signal carries a short report, as of a wait condition.
SIGNAL_BYTES_MAX = 64 * 1024
_ONE = "/resources/{resource_name}"
Found = tuple[Stack, Resource, list[Resource], str]
"""A resource with its stack, that stack's rows, and the resource that it is in."""


UNSET_HOOK = "unset_hook"
# Of a server whose guest asks what it is to apply.
SOFTWARE_CONFIG = "SOFTWARE_CONFIG"


class ResourcesApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts = frame.parts

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        # CloudFormation's helpers, and curl as its manuals have it, signal by PUT.
        signals = [
            Route(method, f"{STACK}{_ONE}/signal", self.signal, public=True)
            for method in ("POST", "PUT")
        ]
        return [
            route("GET", "/resources", "resource:index", self.index, STACK),
            route("GET", _ONE, "resource:show", self.show, STACK),
            route("PATCH", _ONE, "resource:mark_unhealthy", self.mark, STACK),
            route("GET", f"{_ONE}/metadata", "resource:metadata", self.metadata, STACK),
            *signals,
        ]

    def index(self, call: ApiCall) -> Reply:
        """Those of the stack, and of stacks nested in it to a depth."""
        stack = self._frame.stack(call, deleted=True)
        depth = min(call.query.number("nested_depth", 0), NESTED_DEPTH_MAX)

        def read(connection: Connection) -> list[Found]:
            return self._collect(connection, stack, depth, "")

        detail = call.query.flag("with_detail")
        shown = []
        for found in self._parts.read(read):
            if not _is_wanted(call, *found[:2]):
                continue
            document = self._document(call, found)
            if detail:
                document |= self._detail(call, found[0], found[1])
            shown.append(document)
        return json_reply(200, {"resources": shown})

    def show(self, call: ApiCall) -> Reply:
        """One of them, with its attributes."""
        stack = self._frame.stack(call)
        row = self._frame.resource(call, stack)
        rows = self._parts.read(
            lambda connection: self._parts.stores.resources_of(connection, stack.id)
        )
        document = self._document(call, (stack, row, rows, ""))
        document |= self._detail(call, stack, row)
        view = self._frame.view(call, stack)
        extra = [name for name in call.query.all("with_attr") if name]
        for name in extra:
            if view.kind_of(row).has_attribute(name):
                document["attributes"][name] = view.attribute(row.name, [name])
        return json_reply(200, {"resource": document})

    def metadata(self, call: ApiCall) -> Reply:
        """One's metadata; a server's with what its guest is to apply."""
        stack = self._frame.stack(call)
        row = self._frame.resource(call, stack)
        found = dict(row.metadata)
        if row.properties.get("user_data_format") == SOFTWARE_CONFIG:
            found["deployments"] = self._parts.read(
                lambda connection: to_apply(
                    connection, self._parts.stores, stack.project_id, row.physical_id
                )
            )
        return json_reply(200, {"metadata": found})

    def mark(self, call: ApiCall) -> Reply:
        """Call one unhealthy, or well."""
        body = call.json_object()
        wanted = body.get("mark_unhealthy")
        if not isinstance(wanted, bool) or set(body) - {
            "mark_unhealthy",
            "resource_status_reason",
        }:
            raise BadRequest("mark_unhealthy must be true or false")
        stack = self._frame.stack(call)
        name = call.parameters["resource_name"]
        row = self._by_name_or_id(call, stack, name)
        reason = str(body.get("resource_status_reason") or "state changed by user")
        mark(self._parts, stack, row.name, wanted, reason)
        return empty_reply(200)

    def signal(self, call: ApiCall) -> Reply:
        """A signal: from somebody with a token, or with the resource's own URL."""
        given = call.query.one(PARAMETER)
        if given:
            stack = self._signed(call, given)
        else:
            if not call.context.token:
                raise Forbidden("A token, or a signed URL, is needed.")
            self._frame.check(call, "resource:signal")
            stack = self._frame.stack(call)
        name, details = call.parameters["resource_name"], _details(call)
        if isinstance(details, Mapping) and UNSET_HOOK in details and not given:
            # Not by a signed URL: what a guest was given lets it tell, and no more.
            clear_hook(self._parts, stack, name, details[UNSET_HOOK])
        else:
            signal(self._parts, stack, name, details)
        return empty_reply(200)

    # ---- inside -----------------------------------------------------------------

    def _signed(self, call: ApiCall, given: str) -> Stack:
        """The stack, when the signature is the resource's; otherwise there is none."""
        found = call.parameters

        def read(connection: Connection) -> tuple[Stack, Resource]:
            key = (found["project_id"], found["stack_name"], found["stack_id"])
            stack = live_stack(connection, self._parts, *key)
            name = found["resource_name"]
            return stack, find_resource(connection, self._parts, stack, name)

        try:
            stack, row = self._parts.read(read)
        except NoSuchStack:
            raise Forbidden("The signature is wrong.") from None
        if not is_signature(stack, row, given):
            raise Forbidden("The signature is wrong.")
        return stack

    def _collect(
        self, connection: Connection, stack: Stack, depth: int, parent: str
    ) -> list[Found]:
        stores = self._parts.stores
        rows = stores.resources_of(connection, stack.id)
        found: list[Found] = []
        for row in sorted(rows, key=lambda row: row.name):
            if row.obsolete:
                continue
            found.append((stack, row, rows, parent))
            inside = stores.stacks.find(connection, row.id) if depth else None
            if inside is not None and not inside.deleted_at:
                found += self._collect(connection, inside, depth - 1, row.name)
        return found

    def _document(self, call: ApiCall, found: Found) -> documents.Document:
        stack, row, rows, parent = found
        base, is_stack = base_of(call), row.physical_id == row.id
        document = documents.resource_row(
            base, stack, row, rows, parent=parent or self._parent(stack)
        )
        if is_stack:
            inside = self._parts.read(
                lambda connection: self._parts.stores.stacks.find(connection, row.id)
            )
            if inside is not None:
                url = documents.stack_url(base, inside)
                document["links"].append(documents.link(url, "nested"))
        return document

    def _parent(self, stack: Stack) -> str:
        if not stack.owner_row:
            return ""
        row = self._parts.read(
            lambda connection: self._parts.stores.resources.find(
                connection, stack.owner_row
            )
        )
        return row.name if row is not None else ""

    def _detail(self, call: ApiCall, stack: Stack, row: Resource) -> documents.Document:
        section = (hot_form(stack.template).get("resources") or {}).get(row.name) or {}
        attributes: dict[str, Any] = {}
        if not stack.deleted_at and row.physical_id:
            attributes = shown_attributes(self._frame.view(call, stack), row)
        return {
            "attributes": attributes,
            "description": str(section.get("description") or ""),
        }

    def _by_name_or_id(self, call: ApiCall, stack: Stack, name: str) -> Resource:
        rows = self._parts.read(
            lambda connection: self._parts.stores.resources_of(connection, stack.id)
        )
        for row in rows:
            if not row.obsolete and row.physical_id == name != "":
                found: Resource = row
                return found
        return self._frame.resource(call, stack)


def _is_wanted(call: ApiCall, stack: Stack, row: Resource) -> bool:
    """Whether the query's filters let it through."""
    action, status = shown_state(stack, row)
    shown = {
        "name": row.name,
        "resource_name": row.name,
        "type": row.type,
        "physical_resource_id": row.physical_id,
        "id": row.id,
    }
    states = (status, f"{action}_{status}")
    if call.query.all("status") and not set(call.query.all("status")) & set(states):
        return False
    if call.query.all("action") and action not in call.query.all("action"):
        return False
    return all(
        value in call.query.all(name)
        for name, value in shown.items()
        if call.query.all(name)
    )


def _details(call: ApiCall) -> Any:
    raw = call.request.read_small_body(SIGNAL_BYTES_MAX)
    if not raw.strip():
        return None
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadRequest("The request body is not valid JSON") from None
    check_plain(found)
    return found
