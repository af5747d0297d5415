"""Requests signed in the URL, or by Signature Version 2."""

from __future__ import annotations

import base64
from email.utils import formatdate
from hmac import digest

import pytest

from objectstore.s3.dates import http_date
from test.unit.s3.house import ALICE, Answer, House


def test_presigned_urls(house: House) -> None:
    house.ask("PUT", "/bucket/k ü", body=b"x")
    assert house.ask("GET", "/bucket/k ü", presigned=60).body == b"x"
    environ = house.environ("PUT", "/bucket/new", presigned=60)
    environ["HTTP_X_AMZ_COPY_SOURCE"] = "/bucket/k"
    assert house.send(environ).code == "AccessDenied"
    assert house.ask("HEAD", "/bucket/new").status == 404


def version_2(house: House, method: str, path: str, **headers: str) -> Answer:
    environ = house.bare(method, path, "", b"")
    environ["HTTP_DATE"] = date = formatdate(house.clock.time(), usegmt=True)
    amazon = ""
    for name, value in headers.items():
        environ["HTTP_" + name.upper()] = value.encode().decode("latin-1")
        amazon += f"{name.lower().replace('_', '-')}:{value}\n"
    text = f"{method}\n\n\n{date}\n{amazon}{path}"
    signature = base64.b64encode(digest(ALICE.secret.encode(), text.encode(), "sha1"))
    environ["HTTP_AUTHORIZATION"] = f"AWS {ALICE.name}:{signature.decode()}"
    return house.send(environ)


def test_signature_version_2(house: House) -> None:
    assert version_2(house, "PUT", "/bucket/two", x_amz_meta_a="1").status == 200
    assert version_2(house, "HEAD", "/bucket/two").headers["x-amz-meta-a"] == "1"
    assert version_2(house, "GET", "/bucket/%C3%BC").code == "NoSuchKey"
    for value in ("\u00e0", "a \u00c5 b"):
        assert version_2(house, "PUT", "/bucket/two", x_amz_meta_a=value).status == 200


@pytest.mark.parametrize("moment", ["", "yesterday"])
def test_a_moment_that_is_none_is_not_looked_for_elsewhere(
    house: House, moment: str
) -> None:
    environ = house.bare("GET", "/bucket", "", b"")
    environ["HTTP_DATE"] = http_date(house.clock.time())
    environ["HTTP_X_AMZ_DATE"] = moment
    environ["HTTP_AUTHORIZATION"] = f"AWS {ALICE.name}:c2lnbmF0dXJl"
    assert house.send(environ).code == "AccessDenied"
    del environ["HTTP_X_AMZ_DATE"]
    assert house.send(environ).code == "SignatureDoesNotMatch"
