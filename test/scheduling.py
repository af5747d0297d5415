"""Which tests of a parallel run stay together, and which begin first.

A *unit* is what one process of the run takes at a time:

* Real guests come one after the other in lanes, of which no stage has more than two: a
  guest that starts under emulation wants a core to itself.
* Modules whose tests share servers of their own, and tests that share servers of the
  whole run, stay together: a cluster is started once, not once for each process.
* Everything else goes test by test.

Long units begin first, so that no process is left with one when the others are done.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

LANES = (
    (
        "functional/compute/test_bad_days_outages.py",
        "functional/compute/test_volumes.py",
        "functional/compute/test_bad_days.py",
    ),
    (
        "functional/compute/test_moves.py",
        "functional/compute/test_tutorial.py",
        "contract/compute/agent/test_boot.py",
        "contract/compute/agent/test_hypervisor.py",
        "contract/compute/agent/test_volumes.py",
    ),
)
# The longest first.
WHOLE_MODULES = (
    "functional/compute/deploy/test_deployment.py",
    "probe/test_faults.py",
    "functional/compute/test_containers.py",
    "functional/compute/test_many_hosts.py",
    "functional/compute/volume/test_two_hosts.py",
    "functional/compute/dashboard/test_away.py",
    "functional/compute/dashboard/test_apart.py",
    "functional/compute/orchestration/test_balanced_template.py",
    "functional/compute/orchestration/test_killed.py",
    "functional/s3/test_notify.py",
    "functional/test_node_killed.py",
    "functional/test_apart.py",
    "functional/compute/identity/test_credentials_used.py",
    "functional/container_sync/test_two_clusters.py",
    "functional/policies/test_policies.py",
    "functional/filters/test_optional.py",
    "functional/encryption/test_at_rest.py",
    "contract/compute/instance/test_nova_bodies.py",
    "contract/compute/instance/test_nova_keys.py",
    "contract/compute/instance/test_nova_routes.py",
    "contract/compute/network/test_neutron_keys.py",
    "contract/compute/instance/test_queries_and_versions.py",
    "contract/compute/instance/test_extra_specs.py",
    "contract/compute/identity/test_keystone_keys.py",
    "contract/compute/test_wrong_paths.py",
    "contract/compute/test_bus.py",
)
# Servers of the whole run: by the folder (or module) of those who use them ...
FOLDERS = (
    ("functional/compute/test_parted.py", "parted"),
    ("functional/compute/test_parted_bad_days.py", "parted"),
    ("functional/compute/instance/", "cloud"),
    ("functional/compute/volume/", "cloud"),
    ("functional/compute/network/", "network"),
    ("functional/compute/identity/", "identity"),
    ("functional/compute/image/", "image"),
    ("functional/compute/ec2/", "ec2"),
    ("functional/compute/balancer/test_command.py", "balancer"),
    ("functional/compute/balancer/test_sdk.py", "balancer"),
    ("functional/compute/alarm/", "alarm"),
    ("functional/compute/metric/", "metric"),
    ("functional/compute/secret/", "secret"),
    ("functional/compute/dashboard/", "dashboard"),
    ("functional/compute/orchestration/", "orchestration"),
)
# ... or by the parameter that names them.
PARAMETERS = (
    "s3_cluster",
    "s3_alone",
    "cluster",
    "alone",
    "two_workers",
    "postgresql",
    "mariadb",
)
# What takes a process the longest of all, before anything else but guests.
LONGEST = (
    "functional/compute/deploy/test_deployment.py",
    "dashboard",
    # One cluster under load at a time is load enough.
    "probe/test_faults.py",
    "cloud",
    "ec2",
    "network",
)
# Tests that take long by themselves begin before the many that do not.
LONG_ALONE = (
    "functional/compute/balancer/test_haproxy.py",
    "functional/compute/network_agent/",
    "functional/compute/test_quickstart.py",
    "functional/test_quickstart.py",
    "functional/test_stalled_uploads.py",
    "functional/test_swift_command.py",
    "functional/test_large_object.py",
    "functional/test_interrupted.py",
    "functional/test_restart.py",
    "functional/test_drain.py",
)
_PARAMETER = re.compile(rf"\[(?:.*-)?({'|'.join(PARAMETERS)})(?:-.*)?\]$")
_UNITS = (
    *(f"lane {number}" for number in range(len(LANES))),
    *LONGEST,
    *WHOLE_MODULES,
    *(name for _, name in FOLDERS),
    *PARAMETERS,
)
ORDER = tuple(dict.fromkeys(_UNITS))


def unit_of(nodeid: str) -> str:
    """The unit that the test belongs to: one of ``ORDER``, or the test itself."""
    module = nodeid.partition("::")[0]
    for number, modules in enumerate(LANES):
        if module.endswith(modules):
            return f"lane {number}"
    for name in WHOLE_MODULES:
        if module.endswith(name):
            return name
    for folder, name in FOLDERS:
        if folder in module:
            return name
    found = _PARAMETER.search(nodeid)
    return found[1] if found else nodeid


class ByServers(LoadScopeScheduling):
    """Unit by unit, in the order of the first test of each."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def scheduler(config: Any, log: Any) -> ByServers | None:
    """For a run that leaves the choice to us."""
    if config.getvalue("dist") not in ("load", "loadgroup"):
        return None
    # Else those with the most tests would begin first, which are not the longest.
    config.option.loadscopereorder = False
    return ByServers(config, log)


def put_in_order(items: list[pytest.Item]) -> None:
    """The long units first; within a unit, and among the others, as it was."""

    items.sort(key=lambda item: place_of(item.nodeid))


def place_of(nodeid: str) -> int:
    """The lower, the sooner it begins."""
    unit = unit_of(nodeid)
    if unit in ORDER:
        return ORDER.index(unit)
    is_long = any(module in nodeid for module in LONG_ALONE)
    return len(ORDER) + (0 if is_long else 1)
