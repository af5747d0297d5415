"""Who may do what in the volume room: the defaults, by the names operators know."""

from __future__ import annotations

_ADMIN = "role:admin"
_READER = "role:admin or role:service or (role:reader and project_id:%(project_id)s)"
_MEMBER = "role:admin or role:service or (role:member and project_id:%(project_id)s)"
_SERVICE = "role:service or role:admin"
_V, _E = "volume:", "volume_extension:"

DEFAULTS: dict[str, str] = {
    _V + "get": _READER,
    _V + "get_all": _READER,
    _V + "get_all_tenants": _SERVICE,
    _V + "create": _MEMBER,
    _V + "update": _MEMBER,
    _V + "delete": _MEMBER,
    _V + "force_delete": _ADMIN,
    _V + "extend": _MEMBER,
    _V + "retype": _MEMBER,
    _V + "update_readonly_flag": _MEMBER,
    _V + "revert_to_snapshot": _MEMBER,
    _V + "get_volume_metadata": _READER,
    _V + "update_volume_metadata": _MEMBER,
    _V + "multiattach": _MEMBER,
    _V + "multiattach_bootable_volume": _MEMBER,
    _E + "volume_actions:reserve": _MEMBER,
    _E + "volume_actions:attach": _MEMBER,
    _E + "volume_actions:initialize_connection": _SERVICE,
    _E + "volume_actions:terminate_connection": _SERVICE,
    _E + "volume_actions:upload_image": _MEMBER,
    _E + "volume_admin_actions:reset_status": _ADMIN,
    _E + "volume_admin_actions:force_detach": _ADMIN,
    _E + "volume_host_attribute": _ADMIN,
    _E + "volume_tenant_attribute": _READER,
    # snapshots
    _V + "create_snapshot": _MEMBER,
    _V + "get_snapshot": _READER,
    _V + "get_all_snapshots": _READER,
    _V + "update_snapshot": _MEMBER,
    _V + "delete_snapshot": _MEMBER,
    _E + "snapshot_actions:update_snapshot_status": _MEMBER,
    _E + "snapshot_admin_actions:reset_status": _ADMIN,
    _E + "snapshot_admin_actions:force_delete": _ADMIN,
    # attachments
    _V + "attachment_create": _MEMBER,
    _V + "attachment_update": _MEMBER,
    _V + "attachment_complete": _MEMBER,
    _V + "attachment_delete": _MEMBER,
    _V + "attachment_get": _READER,
    # How to reach the bytes, and the key, is for hosts: not for tenants.
    _V + "attachment_connection": _SERVICE,
    # transfers
    _V + "create_transfer": _MEMBER,
    _V + "accept_transfer": "@",
    _V + "delete_transfer": _MEMBER,
    _V + "get_transfer": _READER,
    # backups
    "backup:create": _MEMBER,
    "backup:get": _READER,
    "backup:update": _MEMBER,
    "backup:delete": _MEMBER,
    "backup:restore": _MEMBER,
    _E + "backup_admin_actions:reset_status": _ADMIN,
    _E + "backup_admin_actions:force_delete": _ADMIN,
    "backup:export-import": _ADMIN,
    # messages
    "message:get": _READER,
    "message:get_all": _READER,
    "message:delete": _MEMBER,
    # types
    _E + "type_get": "@",
    _E + "types_manage": _ADMIN,
    _E + "types_extra_specs": _ADMIN,
    _E + "types_extra_specs:show": "@",
    _E + "types_extra_specs:read_sensitive": _SERVICE,
    _E + "volume_type_encryption:get": _ADMIN,
    _E + "volume_type_encryption:create": _ADMIN,
    _E + "volume_type_encryption:update": _ADMIN,
    _E + "volume_type_encryption:delete": _ADMIN,
    _E + "volume_encryption_metadata": _READER,
    _E + "volume_type_access": _ADMIN,
    _E + "default": _ADMIN,
    _E + "qos_specs_manage": _ADMIN,
    # groups
    "group:group_types_manage": _ADMIN,
    "group:access_group_types_specs": _ADMIN,
    "group:create": _MEMBER,
    "group:get": _READER,
    "group:get_all": _READER,
    "group:update": _MEMBER,
    "group:delete": _MEMBER,
    "group:reset_status": _ADMIN,
    "group:create_group_snapshot": _MEMBER,
    "group:get_group_snapshot": _READER,
    "group:get_all_group_snapshots": _READER,
    "group:delete_group_snapshot": _MEMBER,
    "group:reset_group_snapshot_status": _ADMIN,
    # quotas, services
    _E + "quotas:show": _READER,
    _E + "quotas:update": _ADMIN,
    _E + "quota_classes": _ADMIN,
    "limits": "@",
    "limits:other_project": _ADMIN,
    _E + "availability_zone_list": "@",
    _E + "services": _ADMIN,
    "scheduler_stats:get_pools": _ADMIN,
    _E + "hosts": _ADMIN,
    _E + "capabilities": _ADMIN,
    # What opens an encrypted volume is for the host of its server.
    _V + "passphrase": "role:service",
    # other rooms, the doctor
    "internal": _SERVICE,
}
