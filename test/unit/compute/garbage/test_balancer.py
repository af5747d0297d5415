"""The load balancer room under the same garbage (see ``test_garbage``)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from compute.core.api.frame import Api
from test.fakes.tokens import fake_token
from test.unit.compute.balancer.house import House
from test.unit.compute.garbage.bodies import Bodies
from test.unit.compute.garbage.test_garbage import Victim, throw_all
from test.unit.compute.network.house import OWNER

V = "/v2.0/lbaas"
_TEXTS = {"name": "n", "description": "d", "admin_state_up": True, "tags": ["a"]}
_MEMBER = {
    **_TEXTS,
    "address": "10.1.0.4",
    "protocol_port": 80,
    "weight": 1,
    "backup": False,
    "monitor_address": "10.1.0.5",
    "monitor_port": 9,
}
_RULE = {
    "type": "HEADER",
    "compare_type": "REGEX",
    "key": "a",
    "value": "b",
    "invert": True,
}
_POLICY = {
    **_TEXTS,
    "action": "REDIRECT_TO_URL",
    "redirect_url": "http://x/",
    "redirect_http_code": 301,
    "position": 1,
}
_MONITOR = {
    **_TEXTS,
    "type": "HTTP",
    "delay": 3,
    "timeout": 2,
    "max_retries": 1,
    "max_retries_down": 1,
    "http_method": "GET",
    "url_path": "/",
    "expected_codes": "200",
    "http_version": 1.1,
    "domain_name": "a.b",
}
_TLS = {"tls_ciphers": "", "tls_versions": [], "alpn_protocols": []}
_POOL = {
    **_TEXTS,
    "protocol": "HTTP",
    "lb_algorithm": "ROUND_ROBIN",
    "session_persistence": {"type": "APP_COOKIE", "cookie_name": "c"},
    "tls_enabled": False,
    "tls_container_ref": "",
    "ca_tls_container_ref": "",
    **_TLS,
}
_LISTENER = {
    **_TEXTS,
    "protocol": "HTTP",
    "protocol_port": 81,
    "connection_limit": 5,
    "insert_headers": {"X-Forwarded-For": "true"},
    "timeout_client_data": 1,
    "allowed_cidrs": ["192.0.2.0/24"],
    "default_tls_container_ref": "",
    "sni_container_refs": [],
    "client_authentication": "NONE",
    "client_ca_tls_container_ref": "",
    "hsts_max_age": None,
    "hsts_preload": False,
    **_TLS,
}
BODIES: Bodies = {
    ("POST", f"{V}/loadbalancers"): [
        {
            "loadbalancer": {
                **_TEXTS,
                "vip_subnet_id": "SUBNET",
                "vip_address": "10.1.0.99",
                "provider": "haproxy",
                "listeners": [{**_LISTENER, "default_pool": _POOL}],
            }
        }
    ],
    ("PUT", f"{V}/loadbalancers/{{id}}"): [{"loadbalancer": _TEXTS}],
    ("POST", f"{V}/listeners"): [
        {"listener": {**_LISTENER, "loadbalancer_id": "BALANCER"}}
    ],
    ("POST", f"{V}/pools"): [
        {
            "pool": {
                **_POOL,
                "loadbalancer_id": "BALANCER",
                "members": [_MEMBER],
                "healthmonitor": _MONITOR,
            }
        }
    ],
    ("POST", f"{V}/pools/{{of}}/members"): [{"member": _MEMBER}],
    ("PUT", f"{V}/pools/{{of}}/members"): [{"members": [_MEMBER]}],
    ("POST", f"{V}/healthmonitors"): [
        {"healthmonitor": {**_MONITOR, "pool_id": "POOL"}}
    ],
    ("POST", f"{V}/l7policies"): [
        {"l7policy": {**_POLICY, "listener_id": "LISTENER", "rules": [_RULE]}}
    ],
    ("POST", f"{V}/l7policies/{{of}}/rules"): [{"rule": _RULE}],
    ("PUT", f"{V}/quotas/{{project_id}}"): [{"quota": {"member": 5}}],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    found.network.report()
    found.hear()
    yield found
    found.close()


def test_balancer(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    balancer = house.balancer()
    listener = house.listener(balancer)
    pool = house.pool(listener_id=listener["id"])
    ids = {"of": pool["id"], "id": balancer["id"], "project_id": OWNER}
    ids |= {"BALANCER": balancer["id"], "LISTENER": listener["id"]}
    ids |= {"POOL": pool["id"], "SUBNET": house.subnet["id"], "host": "alpha"}
    api = house.room.application
    assert isinstance(api, Api)
    routes = tuple(each for each in api.routes if not each.template.startswith("/v2/"))
    victim = Victim(
        routes, house.caller, fake_token(OWNER, "admin,service"), BODIES, ids
    )
    assert throw_all(victim, caplog) == []
