"""Who may do what: the defaults, by the names that Aodh's operators know."""

from __future__ import annotations

_ADMIN = "role:admin"
_OWNS = "project_id:%(project_id)s"
_READER = f"role:admin or (role:reader and {_OWNS})"
_MEMBER = f"role:admin or (role:member and {_OWNS})"

READS = (
    "telemetry:get_alarm",
    "telemetry:get_alarms",
    "telemetry:query_alarm",
    "telemetry:get_alarm_state",
    "telemetry:alarm_history",
    "telemetry:query_alarm_history",
    "telemetry:get_quotas",
)
WRITES = (
    "telemetry:create_alarm",
    "telemetry:change_alarm",
    "telemetry:delete_alarm",
    "telemetry:change_alarm_state",
)
# ``log_action``: ours; whoever writes to the operator's log is an operator.
OPERATES = (
    "telemetry:get_alarms:all_projects",
    "telemetry:log_action",
    "telemetry:update_quotas",
    "telemetry:delete_quotas",
)

DEFAULTS = {
    **dict.fromkeys(READS, _READER),
    **dict.fromkeys(WRITES, _MEMBER),
    **dict.fromkeys(OPERATES, _ADMIN),
}
