"""Who may do what: the defaults, by the names that Heat's operators know."""

from __future__ import annotations

_ADMIN = "role:admin"
_OWNS = "project_id:%(project_id)s"
_READER = f"role:admin or (role:reader and {_OWNS})"
_MEMBER = f"role:admin or (role:member and {_OWNS})"

READS = (
    "build_info:build_info",
    "events:index",
    "events:show",
    "resource:index",
    "resource:show",
    "resource:metadata",
    "software_configs:index",
    "software_configs:show",
    "software_deployments:index",
    "software_deployments:show",
    "software_deployments:metadata",
    "stacks:index",
    "stacks:detail",
    "stacks:lookup",
    "stacks:show",
    "stacks:template",
    "stacks:environment",
    "stacks:files",
    "stacks:list_outputs",
    "stacks:show_output",
    "stacks:list_snapshots",
    "stacks:show_snapshot",
    "stacks:list_resource_types",
    "stacks:resource_schema",
    "stacks:generate_template",
    "stacks:list_template_versions",
    "stacks:list_template_functions",
    "stacks:validate_template",
)
WRITES = (
    "actions:action",
    "resource:signal",
    "resource:mark_unhealthy",
    "software_configs:create",
    "software_configs:delete",
    "software_deployments:create",
    "software_deployments:update",
    "software_deployments:delete",
    "stacks:abandon",
    "stacks:export",
    "stacks:create",
    "stacks:preview",
    "stacks:update",
    "stacks:update_patch",
    "stacks:preview_update",
    "stacks:preview_update_patch",
    "stacks:delete",
    "stacks:snapshot",
    "stacks:delete_snapshot",
    "stacks:restore_snapshot",
)

DEFAULTS = {
    **dict.fromkeys(READS, _READER),
    **dict.fromkeys(WRITES, _MEMBER),
    "stacks:global_index": _ADMIN,
    "service:index": _ADMIN,
}
