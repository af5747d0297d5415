"""What every call has: its project in the path, the policy, the stack that it names."""

from __future__ import annotations

from compute.core.api.frame import ApiCall, Handler, Route
from compute.core.errors import Forbidden, PolicyNotAuthorized
from compute.core.policy import Policy
from compute.orchestration.engine.sources import OfCaller
from compute.orchestration.engine.view import StackView
from compute.orchestration.model import Resource, Stack
from compute.orchestration.parts import Parts
from compute.orchestration.service.finding import (
    exact_stack,
    find_resource,
    live_stack,
)
from objectstore.kernel.reply import Reply

BASE = "/v1/{project_id}"
STACK = f"{BASE}/stacks/{{stack_name}}/{{stack_id}}"


class Frame:
    """Shared by the room's API."""

    def __init__(self, parts: Parts, policy: Policy) -> None:
        self.parts = parts
        self._policy = policy

    def route(
        self, method: str, path: str, rule: str, handler: Handler, base: str = BASE
    ) -> Route:
        """A route that checks the project and the policy first."""

        def checked(call: ApiCall) -> Reply:
            self.check(call, rule)
            return handler(call)

        return Route(method, f"{base}{path}", checked)

    def check(self, call: ApiCall, rule: str) -> None:
        """403 for another project's paths, and for what the policy refuses."""
        context = call.context
        if not context.project_id:
            raise Forbidden("A token of a project is needed.")
        is_own = call.parameters["project_id"] == context.project_id
        if not is_own and not self._may_clear_away(call, rule):
            raise Forbidden("You are not authorized to use this project.")
        if not self._policy.allows(context, rule):
            raise PolicyNotAuthorized("You are not authorized to complete this action.")

    def _may_clear_away(self, call: ApiCall, rule: str) -> bool:
        """Who runs the cloud deletes the stacks of any project, by his own rights: of
        a project that is deleted nobody else can."""
        return rule == "stacks:delete" and self.allows(call, "stacks:global_index")

    def allows(self, call: ApiCall, rule: str) -> bool:
        """Whether the policy lets the caller."""
        return self._policy.allows(call.context, rule)

    def stack(self, call: ApiCall, *, deleted: bool = False) -> Stack:
        """The stack that the path names; ``deleted``: also one that is not there any
        more."""
        find = exact_stack if deleted else live_stack
        return self.parts.read(
            lambda connection: find(connection, self.parts, *key_of(call))
        )

    def resource(self, call: ApiCall, stack: Stack) -> Resource:
        """The resource that the path names."""
        name = call.parameters["resource_name"]
        return self.parts.read(
            lambda connection: find_resource(connection, self.parts, stack, name)
        )

    def view(self, call: ApiCall, stack: Stack) -> StackView:
        """The stack's resources, asked with the caller's own token."""
        endpoint = f"{call.base_url}/v1/{call.context.project_id}"
        return StackView(self.parts, stack, OfCaller(call.context, endpoint))


def key_of(call: ApiCall) -> tuple[str, str, str]:
    """Project, name and id of the stack that the path names."""
    found = call.parameters
    return found["project_id"], found["stack_name"], found["stack_id"]


def base_of(call: ApiCall) -> str:
    """The room's URL for the caller's project."""
    return f"{call.base_url}/v1/{call.parameters['project_id']}"
