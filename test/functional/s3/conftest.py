"""Stores whose pipeline has the S3 face, and clients of it.

The all-in-one store and a three-node cluster, each started once for a process of
the run.  Names of buckets are everybody's, so every test makes its own.
"""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from objectstore.middleware.order import DEFAULT_PIPELINE
from test.functional.harness.http import Client
from test.functional.harness.store import Store
from test.functional.harness.users import STRANGER, TESTER, User


def _pipeline() -> str:
    """The default pipeline, with the S3 face in its place."""
    names = [name for name in DEFAULT_PIPELINE if name not in ("s3", "s3_guard")]
    names.insert(names.index("cors"), "s3")
    names.insert(names.index("slo"), "s3_guard")
    return " ".join([*names, "encryption", "proxy-server"])


SETTINGS = f"""
[pipeline:main]
pipeline = {_pipeline()}

[filter:encryption]
use = egg:ringstack#encryption
encryption_root_secret = {base64.b64encode(bytes(range(32))).decode()}
only_on_request = true
kms_key_tax-2027 = {base64.b64encode(bytes(range(32, 64))).decode()}

[filter:s3]
use = egg:ringstack#s3
storage_domain = s3.localhost
website_domain = web.localhost
# Days of a few seconds, so that tests see rules carried out.
lifecycle_day = 3
lifecycle_settle = 4
access_log_interval = 1
"""
REGION = "us-east-1"
_numbers = itertools.count(1)


def _with_s3(store: Store) -> Iterator[Store]:
    for plan in store.plans:
        with store.place.settings_file(plan.name).open("a") as file:
            file.write(SETTINGS)
    with store.running():
        yield store


@pytest.fixture(scope="session")
def s3_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield from _with_s3(Store.alone(tmp_path_factory.mktemp("s3-alone")))


@pytest.fixture(scope="session")
def s3_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield from _with_s3(Store.cluster(tmp_path_factory.mktemp("s3-cluster")))


@pytest.fixture(params=["s3_alone", "s3_cluster"])
def s3_store(request: pytest.FixtureRequest) -> Store:
    """The all-in-one store, then the cluster."""
    found: Store = request.getfixturevalue(request.param)
    return found


Boto = Callable[..., Any]


@pytest.fixture
def boto(s3_store: Store) -> Boto:
    """``boto(user, node=0, service="s3", **config)``: a boto3 client."""

    def made(
        user: User = TESTER, node: int = 0, service: str = "s3", **config: Any
    ) -> Any:
        return boto3.client(
            service,
            endpoint_url=s3_store.endpoint(node),
            aws_access_key_id=user.login,
            aws_secret_access_key=user.key,
            region_name=REGION,
            config=Config(retries={"max_attempts": 1}, **config),
        )

    return made


@pytest.fixture
def s3(boto: Boto) -> Any:
    """A client of test:tester with boto3's defaults."""
    return boto()


@pytest.fixture
def stranger(boto: Boto) -> Any:
    """A client of another account's owner."""
    return boto(STRANGER)


@pytest.fixture
def swift(s3_store: Store) -> Iterator[Client]:
    """A Swift client of test:tester."""
    client = Client(s3_store.endpoint(0), TESTER)
    yield client
    client.close()


@pytest.fixture
def bucket_name(s3_store: Store) -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    return f"bucket-{worker}-{next(_numbers)}"


@pytest.fixture
def bucket(s3: Any, bucket_name: str) -> str:
    """A bucket of the test's own."""
    s3.create_bucket(Bucket=bucket_name)
    return bucket_name
