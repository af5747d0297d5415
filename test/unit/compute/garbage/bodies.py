"""For each room a body that is right, by method and path, to be spoiled from there.

``ID`` in a value is replaced by the id of a thing that is there.
"""

from __future__ import annotations

from typing import Any

UUID = "11111111-2222-4333-8444-555555555555"
HEX = "1" * 32

Bodies = dict[tuple[str, str], list[Any]]

_AUTH = {
    "identity": {
        "methods": ["password"],
        "password": {
            "user": {"name": "admin", "domain": {"id": "default"}, "password": "x"}
        },
    },
    "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}},
}

IDENTITY: Bodies = {
    ("POST", "/v3/auth/tokens"): [
        {"auth": _AUTH},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": "gAAAA"}}}},
        {
            "auth": {
                "identity": {
                    "methods": ["application_credential"],
                    "application_credential": {"id": HEX, "secret": "x"},
                },
                "scope": {"system": {"all": True}},
            }
        },
        {
            "auth": {
                "identity": {"methods": ["password", "token"]},
                "scope": {"OS-TRUST:trust": {"id": HEX}},
            }
        },
    ],
    ("POST", "/v3/users"): [
        {
            "user": {
                "name": "u",
                "domain_id": "default",
                "password": "pw",
                "enabled": True,
                "email": "a@b",
                "default_project_id": HEX,
                "description": "d",
                "options": {"lock_password": True, "ignore_lockout_failure": False},
            }
        }
    ],
    ("PATCH", "/v3/users/{user_id}"): [
        {"user": {"name": "u2", "enabled": True, "options": {"lock_password": None}}}
    ],
    ("POST", "/v3/users/{user_id}/password"): [
        {"user": {"password": "a", "original_password": "b"}}
    ],
    ("POST", "/v3/groups"): [
        {"group": {"name": "g", "domain_id": "default", "description": "d"}}
    ],
    ("PATCH", "/v3/groups/{group_id}"): [{"group": {"name": "g2"}}],
    ("POST", "/v3/projects"): [
        {
            "project": {
                "name": "p",
                "domain_id": "default",
                "parent_id": "default",
                "enabled": True,
                "is_domain": False,
                "tags": ["a"],
                "options": {},
                "extra": "x",
            }
        }
    ],
    ("PATCH", "/v3/projects/{project_id}"): [
        {"project": {"name": "p2", "enabled": True, "tags": ["a"], "is_domain": False}}
    ],
    ("PUT", "/v3/projects/{project_id}/tags"): [{"tags": ["a", "b"]}],
    ("POST", "/v3/domains"): [{"domain": {"name": "d", "enabled": False}}],
    ("PATCH", "/v3/domains/{domain_id}"): [{"domain": {"description": "x"}}],
    ("POST", "/v3/roles"): [{"role": {"name": "r", "domain_id": "default"}}],
    ("PATCH", "/v3/roles/{role_id}"): [{"role": {"name": "r2", "description": "d"}}],
    ("POST", "/v3/services"): [
        {"service": {"type": "t", "name": "n", "enabled": True, "description": "d"}}
    ],
    ("PATCH", "/v3/services/{service_id}"): [{"service": {"type": "t2"}}],
    ("POST", "/v3/endpoints"): [
        {
            "endpoint": {
                "service_id": "ID",
                "interface": "public",
                "url": "http://x/$(project_id)s",
                "region_id": "RegionOne",
                "enabled": True,
            }
        }
    ],
    ("PATCH", "/v3/endpoints/{endpoint_id}"): [{"endpoint": {"url": "http://y"}}],
    ("POST", "/v3/OS-EP-FILTER/endpoint_groups"): [
        {
            "endpoint_group": {
                "name": "g",
                "description": "d",
                "filters": {
                    "interface": "public",
                    "service_id": HEX,
                    "region_id": "RegionOne",
                },
            }
        }
    ],
    ("PATCH", "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}"): [
        {"endpoint_group": {"name": "h", "filters": {"interface": "admin"}}}
    ],
    ("POST", "/v3/regions"): [
        {"region": {"id": "r", "parent_region_id": "RegionOne", "description": "d"}}
    ],
    ("PUT", "/v3/regions/{region_id}"): [{"region": {"description": "d"}}],
    ("PATCH", "/v3/regions/{region_id}"): [{"region": {"description": "d"}}],
    ("POST", "/v3/registered_limits"): [
        {
            "registered_limits": [
                {
                    "service_id": "ID",
                    "region_id": "RegionOne",
                    "resource_name": "r",
                    "default_limit": 5,
                    "description": "d",
                }
            ]
        }
    ],
    ("PATCH", "/v3/registered_limits/{limit_id}"): [
        {"registered_limit": {"default_limit": -1, "region_id": None}}
    ],
    ("POST", "/v3/limits"): [
        {
            "limits": [
                {
                    "project_id": "ID",
                    "service_id": "ID",
                    "region_id": "RegionOne",
                    "resource_name": "r",
                    "resource_limit": 5,
                    "description": "d",
                }
            ]
        }
    ],
    ("PATCH", "/v3/limits/{limit_id}"): [{"limit": {"resource_limit": 7}}],
    ("POST", "/v3/credentials"): [
        {
            "credential": {
                "type": "ec2",
                "blob": '{"access": "a", "secret": "s"}',
                "user_id": "ID",
                "project_id": "ID",
            }
        },
        {"credential": {"type": "cert", "blob": "x", "user_id": "ID"}},
    ],
    ("PATCH", "/v3/credentials/{credential_id}"): [
        {"credential": {"type": "ec2", "blob": '{"access": "a", "secret": 1}'}}
    ],
    ("POST", "/v3/users/{user_id}/credentials/OS-EC2"): [{"tenant_id": "ID"}],
    ("POST", "/v3/s3tokens"): [
        {"credentials": {"access": "a", "token": "YQ==", "signature": "YQ=="}}
    ],
    ("POST", "/v3/ec2tokens"): [
        {
            "ec2Credentials": {
                "access": "a",
                "signature": "s",
                "host": "h:1",
                "verb": "GET",
                "path": "/",
                "params": {"SignatureVersion": "2", "SignatureMethod": "HmacSHA256"},
                "headers": {"Authorization": "x", "X-Amz-Date": "y"},
                "body_hash": "x",
            }
        }
    ],
    ("POST", "/v3/users/{user_id}/application_credentials"): [
        {
            "application_credential": {
                "name": "a",
                "secret": "s",
                "description": "d",
                "expires_at": "2030-01-01T00:00:00.000000Z",
                "roles": [{"name": "admin"}],
                "unrestricted": False,
                "access_rules": [
                    {"path": "/v2.1/servers", "method": "GET", "service": "compute"}
                ],
            }
        }
    ],
    ("POST", "/v3/OS-TRUST/trusts"): [
        {
            "trust": {
                "trustor_user_id": "ID",
                "trustee_user_id": "ID",
                "project_id": "ID",
                "impersonation": True,
                "expires_at": "2030-01-01T00:00:00.000000Z",
                "remaining_uses": 3,
                "roles": [{"name": "admin"}],
                "allow_redelegation": True,
                "redelegation_count": 1,
            }
        }
    ],
}

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
    ("PUT", "/v2.0/qos/alias_dscp_marking_rules/{id}"): [
        {"alias_dscp_marking_rule": {"dscp_mark": 12}}
    ],
    ("PUT", "/v2.0/quotas/{project_id}"): [{"quota": {"network": 3, "port": -1}}],
    ("PUT", "/v2.0/networks/{id}/tags"): [{"tags": ["a"]}],
    ("POST", "/v2.0/networks/{id}/tags"): [{"tags": ["a"]}],
    ("PUT", "/v2.0/agents/{id}"): [{"agent": {"admin_state_up": True}}],
    ("POST", "/internal/devices"): [{"device_ids": ["a"]}],
}

IMAGE: Bodies = {
    ("POST", "/v2/images"): [
        {
            "id": UUID,
            "name": "i",
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "private",
            "min_ram": 1,
            "min_disk": 1,
            "protected": False,
            "os_hidden": False,
            "tags": ["a"],
            "owner": HEX,
            "hw_disk_bus": "virtio",
        }
    ],
    ("PATCH", "/v2/images/{image_id}"): [
        [{"op": "replace", "path": "/name", "value": "n"}],
        [{"op": "add", "path": "/tags/-", "value": "n"}],
        [{"op": "add", "path": "/locations/-", "value": {"url": "x", "metadata": {}}}],
        [{"op": "remove", "path": "/hw_disk_bus"}],
    ],
    ("POST", "/v2/images/{image_id}/members"): [{"member": HEX}],
    ("PUT", "/v2/images/{image_id}/members/{member_id}"): [{"status": "accepted"}],
    ("POST", "/v2/images/{image_id}/import"): [
        {
            "method": {"name": "web-download", "uri": "http://127.0.0.1:1/x"},
            "stores": ["file"],
            "all_stores": False,
            "all_stores_must_succeed": True,
        }
    ],
    ("PUT", "/internal/images/{image_id}/status"): [{"status": "active"}],
    ("PUT", "/internal/holds/{holder}"): [{"images": [UUID]}],
}

_SERVER = "/v2.1/servers/{server_id}"
_REPORT = {
    "hosts": [
        {
            "host": "garbage",
            "inventory": {
                "hypervisor_type": "sim",
                "hypervisor_version": 1,
                "vcpus": 1,
                "memory_mib": 1,
                "disk_gib": 1,
            },
            "states": {UUID: "running"},
            "address": "127.0.0.1",
        }
    ]
}

COMPUTE: Bodies = {
    ("POST", "/v2.1/servers"): [
        {
            "server": {
                "name": "s",
                "flavorRef": "flavor",
                "imageRef": "image",
                "networks": [{"uuid": "network", "fixed_ip": "10.1.0.50", "tag": "t"}],
                "metadata": {"a": "b"},
                "user_data": "YQ==",
                "adminPass": "x",
                "key_name": "k",
                "min_count": 1,
                "max_count": 1,
                "security_groups": [{"name": "default"}],
                "availability_zone": "nova",
                "config_drive": True,
                "tags": ["a"],
                "description": "d",
                "hostname": "h",
                "OS-DCF:diskConfig": "AUTO",
                "accessIPv4": "1.2.3.4",
                "accessIPv6": "::1",
                "trusted_image_certificates": ["a"],
                "block_device_mapping_v2": [
                    {
                        "source_type": "image",
                        "destination_type": "local",
                        "uuid": "image",
                        "boot_index": 0,
                        "volume_size": 1,
                        "delete_on_termination": True,
                    }
                ],
            },
            "os:scheduler_hints": {"group": UUID, "same_host": [UUID]},
        },
        {
            "server": {
                "name": "s",
                "flavorRef": "flavor",
                "imageRef": "image",
                "networks": "none",
            }
        },
        {
            "server": {
                "name": "s",
                "flavorRef": "flavor",
                "imageRef": "image",
                "networks": [{"port": UUID}],
                "host": "host0",
            }
        },
    ],
    ("PUT", _SERVER): [
        {"server": {"name": "n", "description": "d", "accessIPv4": "1.2.3.4"}}
    ],
    ("POST", _SERVER + "/action"): [
        {name: value}
        for name, value in {
            "os-start": None,
            "os-stop": None,
            "pause": None,
            "unpause": None,
            "suspend": None,
            "resume": None,
            "lock": {"locked_reason": "r"},
            "unlock": None,
            "reboot": {"type": "HARD"},
            "rebuild": {"imageRef": UUID, "name": "x", "metadata": {"a": "b"}},
            "resize": {"flavorRef": "flavor"},
            "confirmResize": None,
            "revertResize": None,
            "shelve": None,
            "shelveOffload": None,
            "unshelve": {"availability_zone": "nova", "host": "h"},
            "rescue": {"adminPass": "x", "rescue_image_ref": UUID},
            "unrescue": None,
            "createImage": {"name": "i", "metadata": {"a": "b"}},
            "createBackup": {"name": "b", "backup_type": "daily", "rotation": 1},
            "changePassword": {"adminPass": "x"},
            "addSecurityGroup": {"name": "default"},
            "removeSecurityGroup": {"name": "x"},
            "addFloatingIp": {"address": "1.2.3.4"},
            "removeFloatingIp": {"address": "1.2.3.4"},
            "addFixedIp": {"networkId": UUID},
            "os-getConsoleOutput": {"length": 5},
            "os-getVNCConsole": {"type": "novnc"},
            "os-resetState": {"state": "active"},
            "resetNetwork": None,
            "injectNetworkInfo": None,
            "migrate": {"host": "h"},
            "os-migrateLive": {
                "host": "h",
                "block_migration": "auto",
                "disk_over_commit": False,
            },
            "evacuate": {"host": "h", "adminPass": "x"},
            "trigger_crash_dump": None,
            "forceDelete": None,
            "restore": None,
        }.items()
    ],
    ("POST", _SERVER + "/remote-consoles"): [
        {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    ],
    ("POST", _SERVER + "/metadata"): [{"metadata": {"a": "b"}}],
    ("PUT", _SERVER + "/metadata"): [{"metadata": {"a": "b"}}],
    ("PUT", _SERVER + "/metadata/{key}"): [{"meta": {"a": "b"}}],
    ("PUT", _SERVER + "/tags"): [{"tags": ["a"]}],
    ("POST", _SERVER + "/os-volume_attachments"): [
        {
            "volumeAttachment": {
                "volumeId": UUID,
                "device": "/dev/vdb",
                "tag": "t",
                "delete_on_termination": True,
            }
        }
    ],
    ("PUT", _SERVER + "/os-volume_attachments/{volume_id}"): [
        {"volumeAttachment": {"volumeId": UUID, "delete_on_termination": True}}
    ],
    ("POST", "/v2.1/os-volumes"): [{"volume": {"size": 1, "display_name": "v"}}],
    ("POST", "/v2.1/os-snapshots"): [{"snapshot": {"volume_id": UUID}}],
    ("POST", _SERVER + "/os-interface"): [
        {
            "interfaceAttachment": {
                "net_id": "network",
                "fixed_ips": [{"ip_address": "10.1.0.9"}],
                "tag": "t",
            }
        },
        {"interfaceAttachment": {"port_id": UUID}},
    ],
    ("POST", "/v2.1/flavors"): [
        {
            "flavor": {
                "name": "f",
                "ram": 1,
                "vcpus": 1,
                "disk": 1,
                "id": "f",
                "swap": 1,
                "OS-FLV-EXT-DATA:ephemeral": 0,
                "rxtx_factor": 1.0,
                "os-flavor-access:is_public": True,
                "description": "d",
            }
        }
    ],
    ("PUT", "/v2.1/flavors/{flavor_id}"): [{"flavor": {"description": "d"}}],
    ("POST", "/v2.1/flavors/{flavor_id}/os-extra_specs"): [
        {"extra_specs": {"hw:cpu_policy": "shared"}}
    ],
    ("PUT", "/v2.1/flavors/{flavor_id}/os-extra_specs/{key}"): [{"a": "b"}],
    ("POST", "/v2.1/flavors/{flavor_id}/action"): [
        {"addTenantAccess": {"tenant": HEX}},
        {"removeTenantAccess": {"tenant": HEX}},
    ],
    ("POST", "/v2.1/os-keypairs"): [
        {
            "keypair": {
                "name": "k",
                "public_key": "ssh-rsa AAAA x",
                "type": "ssh",
                "user_id": "u",
            }
        }
    ],
    ("POST", "/v2.1/os-server-groups"): [
        {
            "server_group": {
                "name": "g",
                "policy": "anti-affinity",
                "rules": {"max_server_per_host": 3},
            }
        }
    ],
    ("PUT", "/v2.1/os-services/{action}"): [
        {"status": "disabled", "disabled_reason": "r", "forced_down": False}
    ],
    ("POST", "/v2.1/os-aggregates"): [
        {"aggregate": {"name": "a", "availability_zone": "z"}}
    ],
    ("PUT", "/v2.1/os-aggregates/{aggregate_id}"): [{"aggregate": {"name": "a"}}],
    ("POST", "/v2.1/os-aggregates/{aggregate_id}/action"): [
        {"add_host": {"host": "host0"}},
        {"remove_host": {"host": "x"}},
        {"set_metadata": {"metadata": {"a": "b"}}},
    ],
    ("POST", "/v2.1/os-aggregates/{aggregate_id}/images"): [
        {"cache": [{"id": "12345678-1234-1234-1234-123456789012"}]}
    ],
    ("PUT", "/v2.1/os-quota-sets/{owner}"): [
        {"quota_set": {"instances": 100, "cores": -1, "force": True}}
    ],
    ("PUT", "/v2.1/os-quota-class-sets/{name}"): [
        {"quota_class_set": {"instances": 1000, "ram": -1}}
    ],
    ("POST", "/v2.1/os-server-external-events"): [
        {
            "events": [
                {
                    "name": "network-changed",
                    "server_uuid": UUID,
                    "tag": "t",
                    "status": "completed",
                }
            ]
        }
    ],
    ("POST", "/v2.1/os-security-groups"): [
        {"security_group": {"name": "g", "description": "d"}}
    ],
    ("POST", "/v2.1/os-security-group-rules"): [
        {
            "security_group_rule": {
                "parent_group_id": UUID,
                "ip_protocol": "tcp",
                "from_port": 1,
                "to_port": 2,
                "cidr": "10.0.0.0/8",
            }
        }
    ],
    ("POST", "/v2.1/os-floating-ips"): [{"pool": "x"}],
    ("POST", "/internal/hosts/report"): [_REPORT],
    ("POST", "/internal/jobs/claim"): [
        {"hosts": ["x"], "owner": "o", "limit": 1, "busy": ["x"]}
    ],
    ("POST", "/internal/jobs/{job_id}/renew"): [{"owner": "o"}],
    ("POST", "/internal/jobs/{job_id}/advance"): [
        {"owner": "o", "step": "s", "undoing": False, "progress": {}}
    ],
    ("POST", "/internal/jobs/{job_id}/finish"): [{"owner": "o", "error": "e"}],
    ("POST", "/internal/jobs/{job_id}/retry"): [{"owner": "o", "seconds": 1.0}],
    ("POST", "/internal/servers/fates"): [{"servers": [UUID]}],
    ("PATCH", "/internal/servers/{server_id}"): [{"power_state": 1}],
    ("PUT", "/internal/servers/{server_id}/password"): [{"password": "x"}],
    ("POST", "/internal/consoles"): [{"token": "x"}],
    ("POST", "/internal/moves/admit"): [{"token": "x"}],
    ("PATCH", "/internal/moves/{migration_id}"): [{"memory_total": 1}],
    ("POST", _SERVER + "/migrations/{migration_id}/action"): [{"force_complete": None}],
}
