"""Octavia's plugin of tempest: the API of load balancers, and their lives.

Its scenarios that send requests want web servers of its own in guests that are logged
in to: they skip themselves.  What haproxy does with traffic is tested by
``test/functional/compute/balancer``.
"""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite

# Its classes make more than a project's usual quotas allow.
NO_QUOTAS = {
    f"quota_{name}": "-1"
    for name in (
        "load_balancer",
        "listener",
        "pool",
        "health_monitor",
        "member",
        "l7policy",
        "l7rule",
    )
}
POLL_SECONDS = "0.3"


def _added(stage: Stage) -> Configuration:
    balancers = stage.cloud.sdk().load_balancer
    (provider,) = balancers.providers()
    able = next(iter(balancers.provider_flavor_capabilities(provider.name)))
    return {
        # Certificates of listeners are kept by the key manager.
        "service_available": {"load_balancer": "true", "barbican": "true"},
        # The API's tests do not reach members; networks of projects are not ours.
        "network": {"project_networks_reachable": "true"},
        "load_balancer": {
            "provider": provider.name,
            "enabled_provider_drivers": f"{provider.name}:{provider.description}",
            "expected_flavor_capability": f"{able.name}:{able.description}",
            # Its tests of rights want 403 for what other projects have; here nobody
            # is told that it exists (404).
            "RBAC_test_type": "none",
            "admin_role": "admin",
            "member_role": "member",
            "observer_role": "reader",
            "global_observer_role": "reader",
            "check_interval": POLL_SECONDS,
            "check_timeout": "60",
            "lb_build_interval": POLL_SECONDS,
            "lb_build_timeout": "60",
            "build_interval": POLL_SECONDS,
            "build_timeout": "60",
        },
        "validation": {"run_validation": "false"},
        "loadbalancer-feature-enabled": {
            # What 501 says is skipped.
            "not_implemented_is_error": "false",
            "terminated_tls_enabled": "true",
            "prometheus_listener_enabled": "true",
        },
    }


SUITE = TempestSuite(
    "octavia",
    "load balancers: octavia's API and scenarios",
    # Barbican's knows the option of its being there.
    ("octavia-tempest-plugin==3.5.0", "barbican-tempest-plugin==4.6.0"),
    pattern=r"^octavia_tempest_plugin\.tests\.(api|scenario)",
    added=_added,
    sections={"load-balancer": NO_QUOTAS, "balancer-agent": {"look": "0.2"}},
)
