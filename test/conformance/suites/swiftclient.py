"""python-swiftclient's functional tests, also of openstacksdk with its plugin."""

from __future__ import annotations

from test.conformance.pytest_suite import PYTEST
from test.conformance.store_suite import StoreSuite

SUITE = StoreSuite(
    "swiftclient",
    "the object store by its client library's functional tests",
    "python-swiftclient==4.11.0",
    ("openstacksdk==4.22.0", "python-openstackclient==10.5.0", PYTEST),
    ("test/functional",),
)
