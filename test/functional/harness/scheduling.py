"""Which tests of a parallel run stay together: those that share servers.

A cluster of ten processes is started once, not once for each process of the run.
"""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

# Modules whose tests share servers of their own.
WHOLE_MODULES = (
    "test_apart.py",
    "test_node_killed.py",
    "compute/test_parted.py",
    "compute/network/test_openstack_command.py",
    "compute/network/test_sdk.py",
)


class ByServers(LoadScopeScheduling):
    """Tests one by one, but some modules as a whole."""

    def _split_scope(self, nodeid: str) -> str:
        module, _, _ = nodeid.partition("::")
        return module if module.endswith(WHOLE_MODULES) else nodeid


def scheduler(config: Any, log: Any) -> ByServers | None:
    """For a run that leaves the choice to us."""
    is_free = config.getvalue("dist") in ("load", "loadgroup")
    return ByServers(config, log) if is_free else None
