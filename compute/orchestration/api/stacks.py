"""``/stacks``: the life of stacks."""

from __future__ import annotations

from typing import Any

from compute.core.api.frame import ApiCall, Route, empty_reply, json_reply
from compute.core.errors import BadRequest
from compute.orchestration import states
from compute.orchestration.api import documents
from compute.orchestration.api.frame import STACK, Frame, base_of, key_of
from compute.orchestration.api.listing import list_stacks
from compute.orchestration.engine.blueprints import blueprint_of
from compute.orchestration.engine.hiding import hidden_around, without
from compute.orchestration.model import Stack
from compute.orchestration.parts import Parts
from compute.orchestration.service.finding import find_stack
from compute.orchestration.service.ordering import Order, check_name, read_order
from compute.orchestration.service.stacks import StackService
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import Reply

# What may follow a stack's name alone, and is found below its canonical path.
BELOW = (
    "actions",
    "environment",
    "events",
    "files",
    "outputs",
    "resources",
    "snapshots",
    "template",
)
ACTIONS = {
    "suspend": states.SUSPEND,
    "resume": states.RESUME,
    "check": states.CHECK,
}
INTERRUPTS = ("cancel_update", "cancel_without_rollback")
REFUSED_ABANDON = (
    "This cloud does not abandon stacks: to keep what a stack has made, give its"
    ' resources the deletion_policy "Retain", and delete it'
)


class StacksApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts: Parts = frame.parts
        self._service = StackService(frame.parts)

    def routes(self) -> list[Route]:
        """Where they are."""
        route = self._frame.route
        found = [
            route("GET", "/stacks", "stacks:index", self.index),
            route("GET", "/stacks/detail", "stacks:detail", self.detail),
            route("POST", "/stacks", "stacks:create", self.create),
            route("GET", "", "stacks:show", self.show, STACK),
            route("PUT", "", "stacks:update", self.update, STACK),
            route("PATCH", "", "stacks:update_patch", self.patch, STACK),
            route("DELETE", "", "stacks:delete", self.delete, STACK),
            route("DELETE", "/abandon", "stacks:abandon", self.abandon, STACK),
            route("GET", "/export", "stacks:export", self.abandon, STACK),
            route("GET", "/template", "stacks:template", self.template, STACK),
            route("GET", "/environment", "stacks:environment", self.environment, STACK),
            route("GET", "/files", "stacks:files", self.files, STACK),
            route("GET", "/outputs", "stacks:list_outputs", self.outputs, STACK),
            route("GET", "/outputs/{key}", "stacks:show_output", self.output, STACK),
            route("POST", "/actions", "actions:action", self.action, STACK),
        ]
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            found.append(
                route(method, "/stacks/{stack_name}", "stacks:lookup", self.lookup)
            )
        for below in BELOW:
            path = f"/stacks/{{stack_name}}/{below}"
            found.append(route("GET", path, "stacks:lookup", self.lookup))
        for below in ("actions", "snapshots"):
            path = f"/stacks/{{stack_name}}/{below}"
            found.append(route("POST", path, "stacks:lookup", self.lookup))
        return found

    # ---- what there is ----------------------------------------------------------

    def index(self, call: ApiCall) -> Reply:
        """A page of stacks."""
        return json_reply(200, list_stacks(self._frame, call))

    def detail(self, call: ApiCall) -> Reply:
        """The same with all that is shown of each."""
        return json_reply(200, list_stacks(self._frame, call, self._whole))

    def lookup(self, call: ApiCall) -> Reply:
        """By name, or by id alone: where it is."""
        wanted = call.parameters["stack_name"]
        project_id = call.parameters["project_id"]
        stack = self._parts.read(
            lambda connection: find_stack(connection, self._parts, project_id, wanted)
        )
        # ``/v1/project/stacks/name`` are four segments, whatever is below is the fifth.
        below = "".join(f"/{each}" for each in call.request.path.split("/")[5:])
        query = call.request.environ.get("QUERY_STRING", "")
        url = documents.stack_url(base_of(call), stack) + below
        location = f"{url}?{query}" if query else url
        return json_reply(
            302,
            {"code": 302, "title": "Found", "location": location},
            [("Location", location)],
        )

    def show(self, call: ApiCall) -> Reply:
        """One stack."""
        stack = self._frame.stack(call, deleted=True)
        resolves = call.query.flag("resolve_outputs", default=True)
        return json_reply(200, {"stack": self._whole(call, stack, resolves)})

    def template(self, call: ApiCall) -> Reply:
        """The template as it was given; a group's has values of the stacks around."""
        stack = self._frame.stack(call, deleted=True)
        secrets = hidden_around(self._parts, stack)
        return json_reply(200, without(stack.template, secrets))

    def environment(self, call: ApiCall) -> Reply:
        """The environment, with nothing of what is hidden."""
        stack = self._frame.stack(call, deleted=True)
        found = documents.shown_environment(stack.wanted)
        registry = stack.environment.get("resource_registry") or {}
        document: documents.Document = {
            **found,
            "resource_registry": {"resources": {}, **registry},
            "encrypted_param_names": [],
            "event_sinks": [],
        }
        return json_reply(200, document)

    def files(self, call: ApiCall) -> Reply:
        """The files that were sent."""
        return json_reply(200, self._frame.stack(call, deleted=True).files)

    def outputs(self, call: ApiCall) -> Reply:
        """What outputs there are."""
        stack = self._frame.stack(call)
        blueprint = blueprint_of(self._parts, stack)
        found = [
            {"output_key": each.name, "description": each.description}
            for each in blueprint.outputs()
        ]
        return json_reply(200, {"outputs": found})

    def output(self, call: ApiCall) -> Reply:
        """One output's value."""
        stack = self._frame.stack(call)
        view, key = self._frame.view(call, stack), call.parameters["key"]
        for each in view.blueprint.outputs():
            if each.name == key:
                shown = documents.output(key, each.description, *view.output(key))
                return json_reply(200, {"output": shown})
        raise Rejected(404, f"Specified output key {key} not found.")

    # ---- what is to be ----------------------------------------------------------

    def create(self, call: ApiCall) -> Reply:
        """A new stack."""
        body = call.json_object()
        name = check_name(body.get("stack_name"))
        if body.get("adopt_stack_data"):
            raise BadRequest("adopt_stack_data: this cloud does not adopt stacks")
        stack = self._service.create(call.context, name, self._order(body))
        shown = documents.reference(base_of(call), stack)
        return json_reply(201, {"stack": shown}, [("Location", _self(shown))])

    def update(self, call: ApiCall) -> Reply:
        """Another template, with all that belongs to it."""
        order = self._order(call.json_object())
        self._service.update(call.context, key_of(call), order, is_patch=False)
        return empty_reply(202)

    def patch(self, call: ApiCall) -> Reply:
        """Some of what belongs to it."""
        order = self._order(call.json_object(), self._frame.stack(call))
        self._service.update(call.context, key_of(call), order, is_patch=True)
        return empty_reply(202)

    def delete(self, call: ApiCall) -> Reply:
        """Delete all that is in it."""
        self._service.act(call.context, key_of(call), "delete", states.DELETE)
        return empty_reply(204)

    def abandon(self, call: ApiCall) -> Reply:
        """Refused, with what to do instead."""
        self._frame.stack(call)
        raise BadRequest(REFUSED_ABANDON, kind="NotSupported")

    def action(self, call: ApiCall) -> Reply:
        """Suspend, resume, check, or call off an update."""
        body = call.json_object()
        if len(body) != 1:
            raise BadRequest("Only one action can be specified")
        word = next(iter(body))
        if word in INTERRUPTS:
            self._service.interrupt(key_of(call), word)
            return empty_reply(202)
        if word not in ACTIONS:
            raise BadRequest(f"Invalid action {word[:50]} specified")
        self._service.act(call.context, key_of(call), word, ACTIONS[word])
        return empty_reply(200)

    # ---- inside -----------------------------------------------------------------

    def _order(self, body: dict[str, Any], present: Stack | None = None) -> Order:
        most = self._parts.settings.template_bytes
        return read_order(body, most, present.wanted if present else None)

    def _whole(
        self, call: ApiCall, stack: Stack, resolves: bool = False
    ) -> documents.Document:
        base = base_of(call)
        if stack.deleted_at:
            return documents.stack_whole(base, stack, {}, {}, [])
        try:
            blueprint = blueprint_of(self._parts, stack)
        except Rejected:
            return documents.stack_whole(base, stack, {}, {}, [])
        values = {
            **blueprint.values,
            "OS::project_id": stack.project_id,
            "OS::stack_id": stack.id,
            "OS::stack_name": stack.name,
        }
        outputs = None
        if resolves:
            view = self._frame.view(call, stack)
            outputs = [
                documents.output(each.name, each.description, *view.output(each.name))
                for each in blueprint.outputs()
            ]
        declared = blueprint.template.parameters
        return documents.stack_whole(base, stack, declared, values, outputs)


def _self(document: documents.Document) -> str:
    return str(document["links"][0]["href"])
