"""What is right for the instance room."""

from __future__ import annotations

from test.unit.compute.garbage.bodies import HEX, UUID, Bodies

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
