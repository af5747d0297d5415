"""Barbican's plugin of tempest: the API of the key manager, and who may use it.

Its scenarios want what is not offered here: encrypted volumes and disks, images whose
signatures are verified.
"""

from __future__ import annotations

from typing import Any

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite

# It asks for a project's usual quotas, and expects none.
NO_QUOTAS = {
    f"quota_{name}": "-1" for name in ("secrets", "orders", "containers", "consumers")
}


def _added(stage: Stage) -> Configuration:
    told: Any = stage.cloud.sdk().key_manager.get_endpoint_data()
    return {
        "service_available": {"barbican": "true"},
        # Its tests of rights run only where readers, members and administrators differ.
        "enforce_scope": {"barbican": "true"},
        "key_manager": {
            "region": "RegionOne",
            "min_microversion": _text(told.min_microversion),
            "max_microversion": _text(told.max_microversion),
        },
        # One store of secrets, in the room itself.
        "barbican_tempest": {"enable_multiple_secret_stores": "false"},
        "image_signature_verification": {
            "enforced": "false",
            "certificate_validation": "false",
        },
        "ephemeral_storage_encryption": {"enabled": "false"},
    }


def _text(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)


SUITE = TempestSuite(
    "barbican",
    "secrets: barbican's API and rights",
    ("barbican-tempest-plugin==4.6.0",),
    pattern=r"^barbican_tempest_plugin\.tests\.(api|rbac)",
    added=_added,
    sections={"key-manager": NO_QUOTAS},
)
