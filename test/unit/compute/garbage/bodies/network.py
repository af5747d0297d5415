"""What is right for the network room."""

from __future__ import annotations

from test.unit.compute.garbage.bodies import HEX, UUID, Bodies

_PORT = {
    "network_id": "network",
    "name": "p",
    "mac_address": "fa:16:3e:00:00:01",
    "fixed_ips": [{"subnet_id": "subnet", "ip_address": "10.1.0.77"}],
    "security_groups": [UUID],
    "allowed_address_pairs": [{"ip_address": "10.2.0.0/24", "mac_address": None}],
    "extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1", "ip_version": 4}],
    "device_id": "x",
    "device_owner": "x",
    "admin_state_up": True,
    "binding:host_id": "h",
    "binding:profile": {"a": 1},
    "binding:vnic_type": "normal",
    "port_security_enabled": True,
    "dns_name": "n",
}
_ROUTES = {
    "router": {"routes": [{"destination": "10.9.0.0/24", "nexthop": "10.1.0.9"}]}
}
_SUBPORT = {"port_id": UUID, "segmentation_type": "vlan", "segmentation_id": 100}

NETWORK: Bodies = {
    ("POST", "/v2.0/networks"): [
        {
            "network": {
                "name": "n",
                "mtu": 1400,
                "shared": False,
                "router:external": False,
                "port_security_enabled": True,
                "dns_domain": "x.",
                "provider:network_type": "flat",
                "provider:physical_network": "p",
                "provider:segmentation_id": 7,
                "availability_zone_hints": ["nova"],
                "project_id": HEX,
            }
        },
        {"networks": [{"name": "a"}, {"name": "b"}]},
    ],
    ("PUT", "/v2.0/networks/{id}"): [
        {"network": {"name": "n", "mtu": 1400, "shared": False}}
    ],
    ("POST", "/v2.0/subnets"): [
        {
            "subnet": {
                "network_id": "network",
                "cidr": "10.3.0.0/24",
                "ip_version": 4,
                "gateway_ip": "10.3.0.1",
                "allocation_pools": [{"start": "10.3.0.5", "end": "10.3.0.9"}],
                "dns_nameservers": ["8.8.8.8"],
                "host_routes": [{"destination": "10.8.0.0/24", "nexthop": "10.3.0.2"}],
                "enable_dhcp": True,
                "name": "s",
            }
        },
        {
            "subnet": {
                "network_id": "network",
                "cidr": "fd00::/64",
                "ip_version": 6,
                "ipv6_address_mode": "slaac",
                "ipv6_ra_mode": "slaac",
            }
        },
        {
            "subnet": {
                "network_id": "network",
                "subnetpool_id": UUID,
                "prefixlen": 24,
                "ip_version": 4,
            }
        },
    ],
    ("PUT", "/v2.0/subnets/{id}"): [
        {
            "subnet": {
                "gateway_ip": "10.1.0.1",
                "allocation_pools": [{"start": "10.1.0.5", "end": "10.1.0.9"}],
                "dns_nameservers": ["8.8.8.8"],
                "host_routes": [{"destination": "10.8.0.0/24", "nexthop": "10.1.0.2"}],
            }
        }
    ],
    ("POST", "/v2.0/ports"): [{"port": _PORT}],
    ("POST", "/v2.0/ports/{port_id}/bindings"): [{"binding": {"host": "h"}}],
    ("PUT", "/v2.0/ports/{id}"): [
        {"port": {name: _PORT[name] for name in _PORT if name != "network_id"}}
    ],
    ("POST", "/v2.0/routers"): [
        {
            "router": {
                "name": "r",
                "external_gateway_info": {
                    "network_id": UUID,
                    "enable_snat": True,
                    "external_fixed_ips": [{"ip_address": "1.2.3.4"}],
                },
            }
        }
    ],
    ("PUT", "/v2.0/routers/{id}"): [_ROUTES],
    ("PUT", "/v2.0/routers/{id}/add_extraroutes"): [_ROUTES],
    ("PUT", "/v2.0/routers/{id}/remove_extraroutes"): [_ROUTES],
    ("PUT", "/v2.0/routers/{id}/add_router_interface"): [
        {"subnet_id": UUID},
        {"port_id": UUID},
    ],
    ("PUT", "/v2.0/routers/{id}/remove_router_interface"): [
        {"subnet_id": UUID, "port_id": UUID}
    ],
    ("POST", "/v2.0/floatingips"): [
        {
            "floatingip": {
                "floating_network_id": UUID,
                "port_id": UUID,
                "fixed_ip_address": "10.1.0.3",
                "floating_ip_address": "1.2.3.4",
            }
        }
    ],
    ("PUT", "/v2.0/floatingips/{id}"): [
        {"floatingip": {"port_id": UUID, "fixed_ip_address": "10.1.0.3"}}
    ],
    ("POST", "/v2.0/security-groups"): [{"security_group": {"name": "g"}}],
    ("PUT", "/v2.0/security-groups/{id}"): [{"security_group": {"name": "g"}}],
    ("POST", "/v2.0/security-group-rules"): [
        {
            "security_group_rule": {
                "security_group_id": "group",
                "direction": "ingress",
                "protocol": "tcp",
                "port_range_min": 1,
                "port_range_max": 2,
                "remote_ip_prefix": "10.0.0.0/8",
                "ethertype": "IPv4",
            }
        },
        {
            "security_group_rule": {
                "security_group_id": "group",
                "direction": "egress",
                "protocol": "icmp",
                "remote_group_id": "group",
            }
        },
    ],
    ("POST", "/v2.0/subnetpools"): [
        {
            "subnetpool": {
                "name": "p",
                "prefixes": ["10.50.0.0/16"],
                "min_prefixlen": 20,
                "max_prefixlen": 28,
                "default_prefixlen": 24,
                "default_quota": 3,
                "address_scope_id": None,
                "is_default": False,
            }
        }
    ],
    ("PUT", "/v2.0/subnetpools/{id}"): [{"subnetpool": {"prefixes": ["10.60.0.0/16"]}}],
    ("POST", "/v2.0/address-scopes"): [
        {"address_scope": {"name": "s", "ip_version": 4, "shared": False}}
    ],
    ("POST", "/v2.0/address-groups"): [
        {"address_group": {"name": "a", "addresses": ["10.0.0.0/8", "fd00::1"]}}
    ],
    ("PUT", "/v2.0/address-groups/{id}"): [{"address_group": {"name": "b"}}],
    ("PUT", "/v2.0/address-groups/{id}/add_addresses"): [{"addresses": ["10.0.0.1"]}],
    ("PUT", "/v2.0/address-groups/{id}/remove_addresses"): [
        {"addresses": ["10.0.0.1/32"]}
    ],
    ("POST", "/v2.0/trunks"): [
        {
            "trunk": {
                "name": "t",
                "port_id": UUID,
                "admin_state_up": True,
                "sub_ports": [_SUBPORT],
            }
        }
    ],
    ("PUT", "/v2.0/trunks/{id}"): [{"trunk": {"name": "t", "admin_state_up": False}}],
    ("PUT", "/v2.0/trunks/{id}/add_subports"): [{"sub_ports": [_SUBPORT]}],
    ("PUT", "/v2.0/trunks/{id}/remove_subports"): [{"sub_ports": [_SUBPORT]}],
    ("POST", "/v2.0/default-security-group-rules"): [
        {
            "default_security_group_rule": {
                "direction": "ingress",
                "protocol": "tcp",
                "port_range_min": 1,
                "port_range_max": 2,
                "remote_group_id": "PARENT",
                "used_in_default_sg": True,
                "used_in_non_default_sg": False,
            }
        }
    ],
    ("POST", "/internal/port-reservations"): [
        {"project_id": HEX, "device_ids": [UUID], "ports": 1, "least": 1}
    ],
    ("POST", "/internal/port-reservations/release"): [{"device_ids": [UUID]}],
    ("POST", "/v2.0/rbac-policies"): [
        {
            "rbac_policy": {
                "object_type": "network",
                "object_id": "network",
                "action": "access_as_shared",
                "target_tenant": "*",
            }
        }
    ],
    ("PUT", "/v2.0/rbac-policies/{id}"): [{"rbac_policy": {"target_tenant": HEX}}],
    ("POST", "/v2.0/metering/metering-labels"): [
        {"metering_label": {"name": "m", "description": "d", "shared": True}}
    ],
    ("POST", "/v2.0/metering/metering-label-rules"): [
        {
            "metering_label_rule": {
                "metering_label_id": UUID,
                "direction": "egress",
                "excluded": True,
                "source_ip_prefix": "10.0.0.0/8",
                "destination_ip_prefix": "192.0.2.0/24",
            }
        }
    ],
    ("POST", "/v2.0/qos/policies"): [
        {
            "policy": {
                "name": "q",
                "description": "d",
                "shared": False,
                "is_default": False,
            }
        }
    ],
    ("PUT", "/v2.0/qos/policies/{id}"): [{"policy": {"name": "q"}}],
    ("POST", "/v2.0/qos/policies/{of}/bandwidth_limit_rules"): [
        {
            "bandwidth_limit_rule": {
                "max_kbps": 1,
                "max_burst_kbps": 1,
                "direction": "ingress",
            }
        }
    ],
    ("PUT", "/v2.0/qos/policies/{of}/bandwidth_limit_rules/{id}"): [
        {"bandwidth_limit_rule": {"max_kbps": 2}}
    ],
    ("PUT", "/v2.0/qos/alias_bandwidth_limit_rules/{id}"): [
        {"alias_bandwidth_limit_rule": {"max_kbps": 2}}
    ],
    ("POST", "/v2.0/qos/policies/{of}/dscp_marking_rules"): [
        {"dscp_marking_rule": {"dscp_mark": 10}}
    ],
    ("PUT", "/v2.0/qos/policies/{of}/dscp_marking_rules/{id}"): [
        {"dscp_marking_rule": {"dscp_mark": 12}}
    ],
    ("POST", "/v2.0/qos/policies/{of}/packet_rate_limit_rules"): [
        {
            "packet_rate_limit_rule": {
                "max_kpps": 1,
                "max_burst_kpps": 1,
                "direction": "ingress",
            }
        }
    ],
    ("PUT", "/v2.0/qos/policies/{of}/packet_rate_limit_rules/{id}"): [
        {"packet_rate_limit_rule": {"max_kpps": 2}}
    ],
    ("POST", "/v2.0/qos/policies/{of}/minimum_bandwidth_rules"): [
        {"minimum_bandwidth_rule": {"min_kbps": 1, "direction": "egress"}}
    ],
    ("POST", "/v2.0/qos/policies/{of}/minimum_packet_rate_rules"): [
        {"minimum_packet_rate_rule": {"min_kpps": 1, "direction": "any"}}
    ],
    ("PUT", "/v2.0/qos/alias_dscp_marking_rules/{id}"): [
        {"alias_dscp_marking_rule": {"dscp_mark": 12}}
    ],
    ("PUT", "/v2.0/quotas/{project_id}"): [{"quota": {"network": 3, "port": -1}}],
    ("PUT", "/v2.0/networks/{id}/tags"): [{"tags": ["a"]}],
    ("POST", "/v2.0/networks/{id}/tags"): [{"tags": ["a"]}],
    ("PUT", "/v2.0/agents/{id}"): [{"agent": {"admin_state_up": True}}],
    ("POST", "/internal/devices"): [{"device_ids": ["a"]}],
}
