"""Previews: what a new stack would be, and what an update would change."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Route, json_reply
from compute.orchestration.api import documents
from compute.orchestration.api.frame import STACK, Frame, base_of
from compute.orchestration.model import Stack
from compute.orchestration.parts import Parts
from compute.orchestration.service.ordering import Order, check_name, read_order
from compute.orchestration.service.outlining import NO_STACK, Outline
from compute.orchestration.service.previewing import changes
from compute.orchestration.service.stacks import StackService
from compute.orchestration.template.parameters import shown_values
from objectstore.kernel.reply import Reply


class PreviewsApi:
    """The operations."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._parts: Parts = frame.parts
        self._service = StackService(frame.parts)
        self._most = frame.parts.settings.template_bytes

    def routes(self) -> list[Route]:
        """Where they are."""
        route, put = self._frame.route, "stacks:preview_update"
        patch = "stacks:preview_update_patch"
        return [
            route("POST", "/stacks/preview", "stacks:preview", self.preview),
            route("PUT", "/preview", put, self.preview_put, STACK),
            route("PATCH", "/preview", patch, self.preview_patch, STACK),
        ]

    def preview(self, call: ApiCall) -> Reply:
        """What a new stack would be."""
        body = call.json_object()
        name, order = check_name(body.get("stack_name")), read_order(body, self._most)
        blueprint = self._service.plan(call.context, name, order)
        template = blueprint.template
        project_id = call.context.project_id
        values = {
            **blueprint.values,
            "OS::project_id": project_id,
            "OS::stack_id": NO_STACK,
            "OS::stack_name": name,
        }
        shown = {
            "id": NO_STACK,
            "stack_name": name,
            "parent": None,
            "creation_time": None,
            "updated_time": None,
            "description": template.description,
            "template_description": template.description or "No description",
            "parameters": shown_values(template.parameters, values),
            "timeout_mins": order.timeout_minutes,
            "disable_rollback": order.disable_rollback is not False,
            "tags": list(order.tags or ()) or None,
            "links": [],
            "capabilities": [],
            "notification_topics": [],
            "resources": Outline(self._parts, project_id).resources(blueprint, name),
        }
        return json_reply(200, {"stack": shown})

    def preview_put(self, call: ApiCall) -> Reply:
        """What another template would change."""
        stack = self._frame.stack(call)
        return self._preview(call, stack, read_order(call.json_object(), self._most))

    def preview_patch(self, call: ApiCall) -> Reply:
        """What a change of some of it would change."""
        stack = self._frame.stack(call)
        return self._preview(
            call, stack, read_order(call.json_object(), self._most, stack.wanted)
        )

    def _preview(self, call: ApiCall, stack: Stack, order: Order) -> Reply:
        blueprint = self._service.plan(call.context, stack.name, order, stack.id)
        self._service.check_immutable(stack, blueprint)
        rows = self._parts.read(
            lambda connection: self._parts.stores.resources_of(connection, stack.id)
        )
        found = changes(blueprint, self._frame.view(call, stack), rows)
        base, present = base_of(call), {row.name: row for row in rows}

        def shown(name: str) -> documents.Document:
            row = present.get(name)
            if row is not None:
                return documents.resource_row(base, stack, row, rows)
            return {
                "resource_name": name,
                "resource_type": blueprint.sections[name].type,
                "resource_status": "INIT_COMPLETE",
            }

        document = {
            kind: [shown(name) for name in names] for kind, names in found.items()
        }
        return json_reply(200, {"resource_changes": document})
