"""Tempest itself: the APIs of identity, images, networks, volumes, servers, objects."""

from __future__ import annotations

from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite

# Its tests lock users out, and wait until they are let in again.
FAILURES, LOCKED_SECONDS, PASSWORDS_KEPT = 3, 6, 2


def _told_of_passwords(stage: Stage) -> Configuration:
    return {
        "identity": {
            "user_lockout_failure_attempts": str(FAILURES),
            "user_lockout_duration": str(LOCKED_SECONDS),
            "user_unique_last_password_count": str(PASSWORDS_KEPT),
        },
        "identity-feature-enabled": {"security_compliance": "true"},
    }


SUITE = TempestSuite(
    "tempest",
    "the rooms' APIs, and scenarios across them",
    pattern=r"^tempest\.api",
    added=_told_of_passwords,
    sections={
        "identity": {
            "lockout_failures": str(FAILURES),
            "lockout_duration": f"{LOCKED_SECONDS} s",
            "password_history": str(PASSWORDS_KEPT),
        }
    },
)
