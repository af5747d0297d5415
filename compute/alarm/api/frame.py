"""What every call has: the policy, and who may see whose alarms."""

from __future__ import annotations

from compute.alarm.parts import Parts
from compute.alarm.service import AlarmService
from compute.core.api.frame import ApiCall, Handler, Route
from compute.core.errors import Forbidden, PolicyNotAuthorized
from compute.core.policy import Policy
from objectstore.kernel.reply import Reply

BASE = "/v2"
SEES_ALL = "telemetry:get_alarms:all_projects"


class Frame:
    """Shared by the room's API."""

    def __init__(self, parts: Parts, policy: Policy) -> None:
        self.parts = parts
        self.service = AlarmService(parts)
        self._policy = policy

    def route(self, method: str, path: str, rule: str, handler: Handler) -> Route:
        """A route that checks the policy first."""

        def checked(call: ApiCall) -> Reply:
            if not call.context.project_id:
                raise Forbidden("A token of a project is needed.")
            if not self.allows(call, f"telemetry:{rule}"):
                raise PolicyNotAuthorized(
                    f"RBAC Authorization Failed for telemetry:{rule}"
                )
            return handler(call)

        return Route(method, f"{BASE}{path}", checked)

    def allows(self, call: ApiCall, rule: str) -> bool:
        """Whether the policy lets the caller."""
        return self._policy.allows(call.context, rule)

    def sees_all(self, call: ApiCall) -> bool:
        """Whether other projects' alarms are his to look at and to change."""
        return self.allows(call, SEES_ALL)
