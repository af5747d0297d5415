"""Who may do what: the room's policy rules by name, each with its default.

Names are Neutron's: ``<verb>_<resource>`` and ``<verb>_<resource>:<attribute>`` for an
attribute that needs more than its resource does (asked only when it is set to
something else than its default).  What a caller may not even see is 404 before any
rule is asked.
"""

from __future__ import annotations

ADMIN = "context_is_admin"
SERVICE = "context_is_service"
READS_ALL = "context_reads_all"

# What each resource's owner may do as a member of its project.
_OWNED = (
    "network",
    "subnet",
    "port",
    "router",
    "floatingip",
    "floatingip_port_forwarding",
    "router_conntrack_helper",
    "security_group",
    "security_group_rule",
    "subnetpool",
    "address_scope",
    "rbac_policy",
    "address_group",
    "trunk",
)
_ADMIN_ONLY = (
    "create_network:shared",
    "create_network:router:external",
    "create_network:is_default",
    "create_network:provider:network_type",
    "create_network:provider:physical_network",
    "create_network:provider:segmentation_id",
    "update_network:shared",
    "update_network:router:external",
    "update_network:is_default",
    "update_network:provider:network_type",
    "update_network:provider:physical_network",
    "update_network:provider:segmentation_id",
    "create_subnetpool:shared",
    "create_subnetpool:is_default",
    "update_subnetpool:is_default",
    "create_address_scope:shared",
    "update_address_scope:shared",
    "create_router:external_gateway_info:enable_snat",
    "create_router:external_gateway_info:external_fixed_ips",
    "update_router:external_gateway_info:enable_snat",
    "update_router:external_gateway_info:external_fixed_ips",
    "create_floatingip:floating_ip_address",
    *(
        f"{verb}_{what}"
        for what in (
            "policy",
            "policy_bandwidth_limit_rule",
            "policy_dscp_marking_rule",
            "policy_packet_rate_limit_rule",
            "policy_minimum_bandwidth_rule",
            "policy_minimum_packet_rate_rule",
        )
        for verb in ("create", "update", "delete")
    ),
    "create_metering_label",
    "delete_metering_label",
    "create_metering_label_rule",
    "delete_metering_label_rule",
    "create_default_security_group_rule",
    "delete_default_security_group_rule",
    "update_quota",
    "get_quotas",
    "get_agent",
    "update_agent",
    "get_network_ip_availability",
)
_ADMIN_OR_SERVICE = (
    "create_port:binding:host_id",
    "create_port:binding:profile",
    "update_port:binding:host_id",
    "update_port:binding:profile",
    "internal",
)
# On somebody else's network these would let a port speak for others.
_NETWORK_OWNER = (
    "create_port:mac_address",
    "create_port:port_security_enabled",
    "create_port:allowed_address_pairs",
    "update_port:port_security_enabled",
    "update_port:allowed_address_pairs",
)


_SERVICES = f"rule:{ADMIN} or rule:{SERVICE}"
_ON_OWN_NETWORK = f"rule:{ADMIN} or (rule:member_of_owner and rule:network_owner)"

DEFAULTS: dict[str, str] = {
    ADMIN: "role:admin",
    SERVICE: "role:service",
    READS_ALL: f"{_SERVICES} or (role:reader and system_scope:all)",
    "owner": "project_id:%(project_id)s",
    "network_owner": "project_id:%(network_project_id)s",
    "member_of_owner": "(role:member or role:manager) and rule:owner",
    "admin_or_owner": f"{_SERVICES} or rule:member_of_owner",
    "get_quota": f"{_SERVICES} or rule:owner",
    "get_auto_allocated_topology": "rule:admin_or_owner",
    **{
        f"{verb}_{resource}": "rule:admin_or_owner"
        for resource in _OWNED
        for verb in ("create", "update", "delete")
    },
    "add_subports": "rule:admin_or_owner",
    "remove_subports": "rule:admin_or_owner",
    "create_subnet": _ON_OWN_NETWORK,
    "update_subnet": _ON_OWN_NETWORK,
    "delete_subnet": _ON_OWN_NETWORK,
    "create_subnet:segment_id": f"rule:{ADMIN}",
    # A port on a network of somebody else that is shared with the caller is his;
    # whoever owns the network may take away any port on it.
    "delete_port": "rule:admin_or_owner or (role:member and rule:network_owner)",
    "update_port:mac_address": _SERVICES,
    **dict.fromkeys(_ADMIN_ONLY, f"rule:{ADMIN}"),
    **dict.fromkeys(_ADMIN_OR_SERVICE, _SERVICES),
    **dict.fromkeys(_NETWORK_OWNER, f"{_SERVICES} or rule:network_owner"),
}
