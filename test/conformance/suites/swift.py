"""OpenStack Swift's functional tests: its own API, and S3 by boto3."""

from __future__ import annotations

from test.conformance.pytest_suite import PYTEST
from test.conformance.store_suite import StoreSuite

SUITE = StoreSuite(
    "swift",
    "the object store: Swift's functional tests, also those of S3",
    "swift==2.38.3",
    (
        "boto3==1.44.5",
        "python-swiftclient==4.11.0",
        "python-keystoneclient==6.0.0",
        "keystonemiddleware==13.0.1",
        PYTEST,
    ),
    ("test/functional", "test/s3api"),
)
