"""Cinder's plugin of tempest: more of the API of volumes, and who may use it.

Its scenarios log in to guests (``tempest-scenario`` does that); those of
shared and replicated volumes want what is not offered here.
"""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite


def _added(stage: Stage) -> Configuration:
    return {
        # Its tests of rights run only where readers, members and administrators differ.
        "enforce_scope": {"cinder": "true"},
        "volume-feature-enabled": {
            "volume_revert": "true",
            "consistency_group": "false",
            "volume_replication": "false",
        },
    }


SUITE = TempestSuite(
    "cinder",
    "volumes: cinder's API and rights",
    ("cinder-tempest-plugin==1.23.0",),
    pattern=r"^cinder_tempest_plugin\.(api|rbac)",
    added=_added,
)
