"""A stack that a resource consists of: ``frame.work.Nested``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from compute.core.errors import Forbidden, Stale
from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.blueprint import FACADE, Blueprint, Identity
from compute.orchestration.engine.beginning import (
    NewStack,
    add_stack,
    begin,
    check_room,
)
from compute.orchestration.engine.blueprints import draw, validate
from compute.orchestration.engine.trusts import authorship
from compute.orchestration.errors import ResourceFailed
from compute.orchestration.frame.work import ChildResource, ChildState
from compute.orchestration.model import Resource, Stack, Wanted
from compute.orchestration.parts import Parts
from compute.orchestration.template.cloudformation import hot_form
from compute.orchestration.template.environment import registry_inside

NAME_CHARACTERS_MAX = 255


class NestedStack:
    """Of one resource."""

    def __init__(
        self,
        parts: Parts,
        parent: Stack,
        row: Resource,
        name: str,
        facade: Callable[[], Mapping[str, Any]],
        inside: Callable[[Stack], Any],
    ) -> None:
        """``name``: of the nested stack; ``inside``: what answers for the resources of
        a stack (``StackView``)."""
        self._parts = parts
        self._parent = parent
        self._row = row
        self._name = name[:NAME_CHARACTERS_MAX]
        self._facade = facade
        self._inside = inside

    def create(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_minutes: int | None = None,
    ) -> None:
        """See ``Nested``.  The new stack has the resource's marker as its id: there is
        never a second one."""
        parts, parent = self._parts, self._parent
        if parent.depth + 1 > parts.settings.nested_depth:
            most = parts.settings.nested_depth
            raise Forbidden(f"Recursion depth exceeds {most}.")
        wanted = self._wanted(template, parameters)
        blueprint = self._blueprint(wanted, self._row.id)
        new = NewStack(
            id=self._row.id,
            project_id=parent.project_id,
            user_id=parent.user_id,
            user_name=parent.user_name,
            name=self._name,
            wanted=wanted,
            description=blueprint.template.description,
            timeout_minutes=timeout_minutes or parent.timeout_minutes,
            trust_id=parent.trust_id,
            owner_id=parent.id,
            owner_row=self._row.id,
            root_id=parent.root_id,
            depth=parent.depth + 1,
        )

        def write(connection: Connection) -> None:
            if parts.stores.stacks.find(connection, new.id) is None:
                check_room(connection, parts, parent.root_id, len(blueprint.sections))
                add_stack(connection, parts, new)
            if not parts.stores.resources.change(
                connection, self._row.id, physical_id=new.id
            ):
                raise Stale("the resource is gone")

        parts.run(write)
        parts.wake()

    def update(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        timeout_minutes: int | None = None,
    ) -> None:
        """See ``Nested``; nothing when that very update is under way."""
        parts, parent = self._parts, self._parent
        wanted = self._wanted(template, parameters)
        blueprint = self._blueprint(wanted, self._row.id)

        def write(connection: Connection) -> None:
            stack = self._get(connection)
            if stack is None or stack.deleted_at:
                raise ResourceFailed("The nested stack is gone")
            if stack.status == states.IN_PROGRESS and stack.wanted == wanted:
                return
            known = hot_form(stack.template).get("resources") or {}
            more = len(blueprint.sections.keys() - known)
            check_room(connection, parts, parent.root_id, more)
            begin(
                connection,
                parts,
                stack,
                states.UPDATE,
                previous={**stack.wanted.document(), **authorship(stack)},
                trust_id=parent.trust_id,
                description=blueprint.template.description,
                timeout_minutes=timeout_minutes or parent.timeout_minutes,
                **wanted.document(),
            )

        parts.run(write)
        parts.wake()

    def act(self, action: str) -> None:
        """See ``Nested``."""
        parts, parent = self._parts, self._parent

        def write(connection: Connection) -> None:
            stack = self._get(connection)
            if stack is None or stack.deleted_at:
                return
            if stack.action == action and stack.started_at >= self._row.started_at:
                return  # begun already, before a crash
            values: dict[str, Any] = {}
            if action == states.DELETE:
                values["trust_id"] = parent.trust_id
            begin(connection, parts, stack, action, **values)

        parts.run(write)
        parts.wake()

    def state(self) -> ChildState | None:
        """See ``Nested``."""
        stack = self._read()
        if stack is None or stack.deleted_at:
            return None
        return ChildState(stack.id, stack.action, stack.status, stack.reason)

    def finished(self, action: str) -> bool:
        """See ``Nested``."""
        stack = self._read()
        if stack is None or stack.deleted_at:
            if action == states.DELETE:
                return True
            raise ResourceFailed("The nested stack is gone")
        if stack.action != action and stack.status == states.IN_PROGRESS:
            return False
        if stack.status == states.FAILED or stack.action != action:
            raise ResourceFailed(f"resources.{self._row.name}: {stack.reason}")
        return stack.status == states.COMPLETE

    def template(self) -> Mapping[str, Any]:
        """See ``Nested``."""
        stack = self._read()
        return {} if stack is None or stack.deleted_at else stack.template

    def outputs(self) -> Mapping[str, Any]:
        """See ``Nested``."""
        stack = self._read()
        if stack is None or stack.deleted_at:
            return {}
        found: Mapping[str, Any] = self._inside(stack).output_values()
        return found

    def resources(self) -> Sequence[ChildResource]:
        """See ``Nested``."""
        stores = self._parts.stores
        rows = self._parts.read(
            lambda connection: stores.resources_of(connection, self._row.id)
        )
        return [
            ChildResource(
                row.name,
                row.type,
                row.physical_id,
                row.action,
                row.status,
                row.created_at,
            )
            for row in sorted(rows, key=lambda row: row.name)
            if not row.obsolete
        ]

    def attribute(self, resource: str, *path: Any) -> Any:
        """See ``Nested``."""
        stack = self._read()
        if stack is None or stack.deleted_at:
            return None
        view = self._inside(stack)
        if not view.has(resource):
            return None
        return view.attribute(resource, path) if path else view.reference(resource)

    # ---- inside -----------------------------------------------------------------

    def _wanted(
        self, template: Mapping[str, Any], parameters: Mapping[str, Any] | None
    ) -> Wanted:
        above = self._parent.environment
        registry = above.get("resource_registry") or {}
        environment = {
            **above,
            "parameters": {},
            "resource_registry": registry_inside(registry, self._row.name),
            FACADE: dict(self._facade()),
        }
        given = (parameters or {}).items()
        return Wanted(
            template,
            self._parent.files,
            environment,
            {name: value for name, value in given if value is not None},
        )

    def _blueprint(self, wanted: Wanted, stack_id: str) -> Blueprint:
        parent = self._parent
        identity = Identity(stack_id, self._name, parent.project_id)
        return validate(draw(wanted, identity, self._parts.registry))

    def _get(self, connection: Connection) -> Stack | None:
        return self._parts.stores.stacks.find(connection, self._row.id)

    def _read(self) -> Stack | None:
        return self._parts.read(self._get)
