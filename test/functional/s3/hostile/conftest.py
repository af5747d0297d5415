"""Clients that mean no good."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from test.functional.harness.http import Answer, Client
from test.functional.harness.store import Store
from test.functional.harness.users import TESTER, User
from test.functional.s3.conftest import REGION
from test.functional.s3.hostile.replies import Ask


@pytest.fixture
def anybody(s3_store: Store) -> Iterator[Client]:
    client = Client(s3_store.endpoint())
    yield client
    client.close()


@pytest.fixture
def ask(s3_store: Store, anybody: Client) -> Ask:
    """``ask(method, path, headers, body, change=f)``: signed, then changed by ``f``."""

    def asked(
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        user: User = TESTER,
        region: str = REGION,
        service: str = "s3",
        change: Callable[[dict[str, str]], None] = lambda _: None,
    ) -> Answer:
        url = s3_store.endpoint() + path
        request = AWSRequest(method, url, dict(headers or {}), body)
        request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
        credentials = Credentials(user.login, user.key)
        S3SigV4Auth(credentials, service, region).add_auth(request)
        sent = {name.lower(): str(value) for name, value in request.headers.items()}
        change(sent)
        return anybody.raw(method, path, sent, body or None)

    return asked
