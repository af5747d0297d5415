"""Who may do what in the instance room: the defaults, by the names operators know."""

from __future__ import annotations

_ADMIN = "role:admin"
# Readers of the system look at everything, as in the network room.
_LOOK = "role:admin or (role:reader and system_scope:all)"
_READER = f"{_LOOK} or (role:reader and project_id:%(project_id)s)"
_MEMBER = "role:admin or (role:member and project_id:%(project_id)s)"
_USER = "role:admin or user_id:%(user_id)s"
_SERVICE = "role:service or role:admin"
_P = "os_compute_api:"

# Servers on external networks, and on those of other projects.
ANY_NETWORK = "network:attach_external_network"

DEFAULTS: dict[str, str] = {
    ANY_NETWORK: _ADMIN,
    # servers
    _P + "servers:index": _READER,
    _P + "servers:index:get_all_tenants": _LOOK,
    _P + "servers:show": _READER,
    _P + "servers:create": _MEMBER,
    _P + "servers:create:forced_host": _ADMIN,
    _P + "servers:update": _MEMBER,
    _P + "servers:delete": _MEMBER,
    _P + "servers:act": _MEMBER,
    _P + "servers:create_image": _MEMBER,
    _P + "os-lock-server": _MEMBER,
    _P + "os-lock-server:unlock_override": _ADMIN,
    _P + "os-admin-actions:reset_state": _ADMIN,
    _P + "os-admin-actions:inject_network_info": _ADMIN,
    _P + "os-shelve:shelve_offload": _ADMIN,
    _P + "os-extended-server-attributes": _ADMIN,
    _P + "servers:show:host_status": _ADMIN,
    _P + "os-server-diagnostics": _ADMIN,
    _P + "os-console-output": _MEMBER,
    _P + "os-remote-consoles": _MEMBER,
    _P + "os-console-auth-tokens": _ADMIN,
    _P + "os-instance-actions": _READER,
    _P + "os-instance-actions:events": _READER,
    _P + "os-instance-actions:events:details": _ADMIN,
    _P + "os-attach-interfaces": _MEMBER,
    _P + "os-attach-interfaces:list": _READER,
    _P + "os-volumes-attachments:index": _READER,
    _P + "os-volumes-attachments:show": _READER,
    _P + "os-volumes-attachments:create": _MEMBER,
    _P + "os-volumes-attachments:update": _MEMBER,
    _P + "os-volumes-attachments:swap": _ADMIN,
    _P + "os-volumes-attachments:delete": _MEMBER,
    _P + "os-server-password": _MEMBER,
    _P + "os-server-password:show": _READER,
    _P + "server-metadata": _MEMBER,
    _P + "server-metadata:show": _READER,
    "compute:server:topology:index": _READER,
    _P + "os-server-tags": _MEMBER,
    _P + "os-server-tags:show": _READER,
    _P + "os-server-groups": _MEMBER,
    _P + "os-server-groups:show": _READER,
    _P + "os-server-groups:index:all_projects": _LOOK,
    _P + "os-server-external-events:create": _SERVICE,
    # catalogues
    _P + "os-flavor-manage": _ADMIN,
    _P + "os-flavor-access": _ADMIN,
    _P + "os-flavor-extra-specs": _ADMIN,
    _P + "os-flavor-extra-specs:show": "@",
    _P + "os-keypairs": _USER,
    # hosts
    _P + "os-hypervisors": _LOOK,
    _P + "os-services": _ADMIN,
    _P + "os-services:list": _LOOK,
    _P + "os-hosts": _ADMIN,
    _P + "os-hosts:show": _LOOK,
    _P + "os-baremetal-nodes": _ADMIN,
    _P + "os-assisted-volume-snapshots": _ADMIN,
    _P + "os-aggregates": _ADMIN,
    _P + "os-aggregates:show": _LOOK,
    _P + "os-availability-zone:list": "@",
    _P + "os-availability-zone:detail": _LOOK,
    _P + "os-migrate-server:migrate": _ADMIN,
    _P + "os-migrate-server:migrate_live": _ADMIN,
    _P + "os-evacuate": _ADMIN,
    _P + "os-migrations:index": _LOOK,
    _P + "servers:migrations:index": _LOOK,
    _P + "servers:migrations:show": _LOOK,
    _P + "servers:migrations:force_complete": _ADMIN,
    _P + "servers:migrations:delete": _ADMIN,
    # quotas and usage
    _P + "limits": "@",
    _P + "limits:other_project": _ADMIN,
    _P + "os-quota-sets:show": _READER,
    _P + "os-quota-sets:update": _ADMIN,
    _P + "os-quota-class-sets": _ADMIN,
    _P + "os-quota-class-sets:show": _LOOK,
    _P + "os-simple-tenant-usage:list": _LOOK,
    _P + "os-simple-tenant-usage:show": _READER,
    _P + "os-instance-usage-audit-log": _LOOK,
    # agents, metadata services, console proxies, the doctor
    "internal": _SERVICE,
}
