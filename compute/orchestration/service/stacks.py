"""Creates, updates and deletes stacks, and begins actions on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compute.core.context import RequestContext
from compute.core.errors import BadRequest, Conflict, Forbidden
from compute.core.rooms.others import Rooms
from compute.core.sql.database import Connection
from compute.orchestration import states
from compute.orchestration.blueprint import Blueprint, Identity
from compute.orchestration.engine.beginning import (
    NewStack,
    add_stack,
    begin,
    check_room,
)
from compute.orchestration.engine.blueprints import draw, validate
from compute.orchestration.engine.entrusting import with_trust
from compute.orchestration.engine.sources import OfCaller
from compute.orchestration.engine.trusts import authorship
from compute.orchestration.errors import Invalid
from compute.orchestration.model import STOP, TURN_BACK, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.service.finding import live_stack
from compute.orchestration.service.ordering import Order
from compute.orchestration.service.references import check_references
from compute.orchestration.template.cloudformation import hot_form

Key = tuple[str, str, str]
"""Project, name and id of a stack."""


class StackService:
    """What requests do to stacks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def plan(
        self, context: RequestContext, name: str, order: Order, stack_id: str = ""
    ) -> Blueprint:
        """Check what is wanted; ``Invalid``, ``Forbidden``."""
        identifier = stack_id or self._parts.identifiers.uuid()
        identity = Identity(identifier, name, context.project_id)
        found = draw(order.wanted, identity, self._parts.registry)
        if len(found.sections) > self._parts.settings.resources_per_stack:
            most = self._parts.settings.resources_per_stack
            raise Forbidden(f"Maximum resources per stack exceeded: {most}")
        validate(found, context.roles)
        rooms = Rooms(self._parts.callers, OfCaller(context, ""))
        check_references(rooms, found)
        return found

    def create(self, context: RequestContext, name: str, order: Order) -> Stack:
        """A new stack, whose creation has begun."""
        parts = self._parts
        identifier = parts.identifiers.uuid()
        blueprint = self.plan(context, name, order, identifier)
        parts.read(lambda connection: self._check_new(connection, context, name))

        def write(connection: Connection, trust_id: str) -> Stack:
            self._check_new(connection, context, name)
            new = NewStack(
                id=identifier,
                project_id=context.project_id,
                user_id=context.user_id,
                user_name=context.user_name,
                name=name,
                wanted=order.wanted,
                description=blueprint.template.description,
                tags=order.tags or (),
                timeout_minutes=order.timeout_minutes or 0,
                disable_rollback=order.disable_rollback is not False,
                trust_id=trust_id,
            )
            return add_stack(connection, parts, new)

        return self._with_trust(context, write)

    def update(
        self, context: RequestContext, key: Key, order: Order, *, is_patch: bool
    ) -> Stack:
        """Begin to make a stack what is wanted now."""
        return self._become(context, key, order, states.UPDATE, is_patch=is_patch)

    def restore(self, context: RequestContext, key: Key, order: Order) -> Stack:
        """The same, for what it was once."""
        return self._become(context, key, order, states.RESTORE, is_patch=True)

    def _become(
        self,
        context: RequestContext,
        key: Key,
        order: Order,
        action: str,
        *,
        is_patch: bool,
    ) -> Stack:
        parts, request = self._parts, action.lower()
        stack = parts.read(lambda connection: live_stack(connection, parts, *key))
        check_outermost(stack, request)
        states.check_allowed(request, stack.name, stack.state)
        blueprint = self.plan(context, stack.name, order, stack.id)
        self.check_immutable(stack, blueprint)

        def write(connection: Connection, trust_id: str) -> Stack:
            found = live_stack(connection, parts, *key)
            states.check_allowed(request, found.name, found.state)
            known = hot_form(found.template).get("resources") or {}
            more = len(blueprint.sections.keys() - known)
            check_room(connection, parts, found.id, more)
            values: dict[str, Any] = {
                **order.wanted.document(),
                "previous": {**found.wanted.document(), **authorship(found)},
                "description": blueprint.template.description,
                "disable_rollback": order.disable_rollback
                if order.disable_rollback is not None
                else (found.disable_rollback if is_patch else True),
            }
            if order.timeout_minutes is not None:
                values["timeout_minutes"] = order.timeout_minutes
            if order.tags is not None or not is_patch:
                values["tags"] = list(order.tags or ())
            return self._begin(connection, found, action, trust_id, **values)

        return self._with_trust(context, write)

    def act(
        self,
        context: RequestContext,
        key: Key,
        request: str,
        action: str,
        **values: Any,
    ) -> Stack:
        """Begin DELETE, SUSPEND and the like, once the table says that it may be."""
        parts = self._parts
        stack = parts.read(lambda connection: live_stack(connection, parts, *key))
        check_outermost(stack, request)
        states.check_allowed(request, stack.name, stack.state)
        if action == states.DELETE and stack.state == (action, states.IN_PROGRESS):
            return stack

        def write(connection: Connection, trust_id: str = "") -> Stack:
            found = live_stack(connection, parts, *key)
            states.check_allowed(request, found.name, found.state)
            return self._begin(connection, found, action, trust_id, **values)

        if action == states.DELETE:
            return self._with_trust(context, write)
        # What is neither new nor taken away is done with the rights of its author: a
        # trust for the whole stack would lend him those of whoever only looks at it.
        found = parts.run(write)
        parts.wake()
        return found

    def interrupt(self, key: Key, request: str) -> None:
        """Stop an operation that is under way, or turn it back."""
        parts = self._parts
        how = TURN_BACK if request == "cancel_update" else STOP

        def write(connection: Connection) -> None:
            found = live_stack(connection, parts, *key)
            states.check_allowed(request, found.name, found.state)
            parts.stores.stacks.change(connection, found.id, interrupt=how)
            parts.nudge(connection, found.id)

        parts.run(write)
        parts.wake()

    def check_immutable(self, stack: Stack, blueprint: Blueprint) -> None:
        """``Invalid`` when an immutable parameter would get another value."""
        for name, parameter in blueprint.template.parameters.items():
            if not parameter.immutable or name not in stack.parameters:
                continue
            if parameter.value(stack.parameters[name]) != blueprint.values[name]:
                raise Invalid(
                    f"The following parameters are immutable and may not be updated:"
                    f" {name}"
                )

    # ---- inside -----------------------------------------------------------------

    def _begin(
        self,
        connection: Connection,
        stack: Stack,
        action: str,
        trust_id: str,
        **values: Any,
    ) -> Stack:
        if trust_id:
            values["trust_id"] = trust_id
            values["old_trusts"] = [*stack.old_trusts, stack.trust_id]
        return begin(connection, self._parts, stack, action, **values)

    def _with_trust(
        self, context: RequestContext, write: Callable[[Connection, str], Stack]
    ) -> Stack:
        found = with_trust(self._parts, context, write)
        self._parts.wake()
        return found

    def _check_new(
        self, connection: Connection, context: RequestContext, name: str
    ) -> None:
        parts, stacks = self._parts, self._parts.stores.stacks
        rows = stacks.columns
        mine = (
            rows.project_id == context.project_id,
            rows.owner_id == "",
            rows.deleted_at == 0.0,
        )
        if stacks.count(connection, *mine, rows.name == name):
            raise Conflict(f"The Stack ({name}) already exists.", kind="StackExists")
        most = parts.settings.stacks_per_project
        if most >= 0 and stacks.count(connection, *mine) >= most:
            raise Forbidden(
                f"You have reached the maximum stacks per project, {most}. Please"
                " delete some stacks.",
                kind="RequestLimitExceeded",
            )


def check_outermost(stack: Stack, request: str) -> None:
    """``BadRequest`` when it is another stack's to do that."""
    if stack.owner_id and request != "check":
        raise BadRequest(
            f"{stack.name} is nested in another stack, which {request} is for"
        )
