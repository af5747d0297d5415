"""What is right for identity."""

from __future__ import annotations

from test.unit.compute.garbage.bodies import HEX, Bodies

_AUTH = {
    "identity": {
        "methods": ["password"],
        "password": {
            "user": {"name": "admin", "domain": {"id": "default"}, "password": "x"}
        },
    },
    "scope": {"project": {"name": "admin", "domain": {"name": "Default"}}},
}

PROVIDER = "/v3/OS-FEDERATION/identity_providers/{provider_id}"
RULES = [
    {
        "local": [
            {
                "user": {
                    "name": "{0}",
                    "id": "{0}",
                    "email": "{0}",
                    "domain": {"id": "x"},
                    "type": "local",
                }
            },
            {"group": {"name": "g", "domain": {"name": "d"}}, "group_ids": "{1}"},
            {"groups": "{0}", "domain": {"id": "default"}},
            {
                "projects": [
                    {"name": "p-{0}", "roles": [{"name": "r"}], "domain": {"id": "d"}}
                ]
            },
        ],
        "remote": [
            {"type": "OIDC-a"},
            {"type": "OIDC-b", "whitelist": ["^x$"], "regex": True},
            {"type": "OIDC-c", "any_one_of": ["y"]},
        ],
    }
]

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
    ("PUT", PROVIDER): [
        {
            "identity_provider": {
                "enabled": True,
                "description": "d",
                "remote_ids": ["https://a"],
                "authorization_ttl": 5,
            }
        }
    ],
    ("PATCH", PROVIDER): [{"identity_provider": {"remote_ids": None}}],
    ("PUT", f"{PROVIDER}/protocols/{{protocol_id}}"): [
        {"protocol": {"mapping_id": "ID", "remote_id_attribute": "OIDC-iss"}}
    ],
    ("PATCH", f"{PROVIDER}/protocols/{{protocol_id}}"): [
        {"protocol": {"mapping_id": "ID"}}
    ],
    ("PUT", "/v3/OS-FEDERATION/mappings/{mapping_id}"): [
        {"mapping": {"rules": RULES, "schema_version": "2.0"}}
    ],
    ("PATCH", "/v3/OS-FEDERATION/mappings/{mapping_id}"): [
        {"mapping": {"rules": RULES}}
    ],
    ("PUT", "/v3/OS-FEDERATION/service_providers/{service_provider_id}"): [
        {"service_provider": {"auth_url": "http://a", "sp_url": "http://a"}}
    ],
    ("PATCH", "/v3/OS-FEDERATION/service_providers/{service_provider_id}"): [
        {"service_provider": {"relay_state_prefix": "p"}}
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
