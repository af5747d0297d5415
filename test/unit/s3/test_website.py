"""Buckets as web sites: rules, redirects, indexes, errors, rights."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from objectstore.s3.errors import S3Error
from objectstore.s3.website.rules import location, parse_website
from test.unit.s3.house import SMALL_PARTS, Answer, House

SITE = (
    "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"
    "<ErrorDocument><Key>error.html</Key></ErrorDocument>"
)


def configuration(content: str) -> bytes:
    return f"<WebsiteConfiguration>{content}</WebsiteConfiguration>".encode()


def rules(*content: str) -> str:
    joined = "".join(f"<RoutingRule>{rule}</RoutingRule>" for rule in content)
    return SITE + f"<RoutingRules>{joined}</RoutingRules>"


@pytest.fixture
def house() -> House:
    settings = dataclasses.replace(SMALL_PARTS, website_domain=("web.test",))
    made = House(settings)
    made.bucket()
    allow = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
    }
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::bucket/secret*",
    }
    policy = {"Version": "2012-10-17", "Statement": [allow, deny]}
    answer = made.ask("PUT", "/bucket", "policy=", json.dumps(policy).encode())
    assert answer.status == 204, answer.body
    configure(made, SITE)
    for key in ("index.html", "docs/index.html", "page.html", "secret.html"):
        made.ask("PUT", f"/bucket/{key}", body=key.encode())
    return made


def configure(house: House, content: str) -> None:
    answer = house.ask("PUT", "/bucket", "website=", configuration(content))
    assert answer.status == 200, answer.body


def visit(
    house: House, path: str, method: str = "GET", host: str = "bucket", **more: str
) -> Answer:
    environ: dict[str, Any] = house.bare(method, path, "", b"")
    environ["HTTP_HOST"] = f"{host}.web.test:8080"
    for name, value in more.items():
        environ[f"HTTP_{name}"] = value
    return house.send(environ)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/", b"index.html"),
        ("/docs/", b"docs/index.html"),
        ("/page.html", b"page.html"),
    ],
)
def test_documents(house: House, path: str, body: bytes) -> None:
    answer = visit(house, path)
    assert (answer.status, answer.body) == (200, body)
    head = visit(house, path, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(body))
    etag = answer.headers["etag"]
    assert visit(house, path, IF_NONE_MATCH=etag).status == 304
    part = visit(house, path, RANGE="bytes=0-1")
    assert (part.status, part.body) == (206, body[:2])


def test_a_path_that_lacks_its_slash(house: House) -> None:
    answer = visit(house, "/docs")
    assert (answer.status, answer.headers["location"]) == (302, "/docs/")


def test_errors_are_pages(house: House) -> None:
    answer = visit(house, "/none<script>")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert b"<li>Code: NoSuchKey</li>" in answer.body
    assert b"could not be retrieved" in answer.body
    assert b"<script>" not in answer.body
    assert visit(house, "/none", "HEAD").body == b""


def test_the_sites_own_error_document(house: House) -> None:
    house.ask("PUT", "/bucket/error.html", body=b"sorry")
    answer = visit(house, "/none", RANGE="bytes=0-1")
    assert (answer.status, answer.body) == (404, b"sorry")
    secret = visit(house, "/secret.html")
    assert (secret.status, secret.body) == (403, b"sorry")


def test_everybody_is_anonymous_here(house: House) -> None:
    environ = house.environ("GET", "/secret.html")
    environ["HTTP_HOST"] = "bucket.web.test"
    assert house.send(environ).status == 403
    house.ask("DELETE", "/bucket", "policy=")
    assert visit(house, "/page.html").status == 403
    house.ask("PUT", "/bucket/page.html", "acl=", headers={"x-amz-acl": "public-read"})
    assert visit(house, "/page.html").status == 200


def test_what_is_no_site(house: House) -> None:
    assert visit(house, "/", host="none").headers["x-amz-error-code"] == "NoSuchBucket"
    house.ask("DELETE", "/bucket", "website=")
    missing = visit(house, "/")
    assert missing.headers["x-amz-error-code"] == "NoSuchWebsiteConfiguration"
    assert missing.status == 404
    refused = visit(house, "/", "PUT")
    assert (refused.status, refused.headers["x-amz-error-code"]) == (
        405,
        "MethodNotAllowed",
    )
    hidden = visit(house, "/", host="bucket+segments")
    assert hidden.headers["x-amz-error-code"] == "InvalidBucketName"


def test_everything_redirected(house: House) -> None:
    to = "<HostName>example.com</HostName><Protocol>https</Protocol>"
    configure(house, f"<RedirectAllRequestsTo>{to}</RedirectAllRequestsTo>")
    answer = visit(house, "/a%20b/c")
    assert answer.status == 301
    assert answer.headers["location"] == "https://example.com/a%20b/c"


def test_an_objects_own_redirect(house: House) -> None:
    headers = {"x-amz-website-redirect-location": "/page.html"}
    house.ask("PUT", "/bucket/moved", headers=headers)
    answer = visit(house, "/moved")
    assert (answer.status, answer.headers["location"]) == (301, "/page.html")
    assert house.ask("GET", "/bucket/moved").status == 200


def test_routing_rules(house: House) -> None:
    configure(
        house,
        rules(
            "<Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>"
            "<Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>"
            "<HttpRedirectCode>302</HttpRedirectCode></Redirect>",
            "<Condition><KeyPrefixEquals>img/</KeyPrefixEquals>"
            "<HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>"
            "<Redirect><HostName>cdn.test</HostName><Protocol>https</Protocol></Redirect>",
            "<Condition><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>"
            "</Condition><Redirect><ReplaceKeyWith>page.html</ReplaceKeyWith></Redirect>",
        ),
    )
    old = visit(house, "/old/x")
    assert (old.status, old.headers["location"]) == (
        302,
        "http://bucket.web.test:8080/new/x",
    )
    assert visit(house, "/img/x").headers["location"] == "https://cdn.test/img/x"
    other = visit(house, "/other")
    assert other.headers["location"] == "http://bucket.web.test:8080/page.html"
    assert visit(house, "/page.html").status == 200
    assert visit(house, "/secret.html").status == 403


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<IndexDocument><Suffix>a/b</Suffix></IndexDocument>",
        SITE + "<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>",
        "<RedirectAllRequestsTo><HostName>h/x</HostName></RedirectAllRequestsTo>",
        rules("<Condition/><Redirect><HostName>h</HostName></Redirect>"),
        rules("<Redirect/>"),
        rules("<Redirect><Protocol>ftp</Protocol></Redirect>"),
        rules("<Redirect><HttpRedirectCode>200</HttpRedirectCode></Redirect>"),
        rules(
            "<Redirect><ReplaceKeyWith>a</ReplaceKeyWith>"
            "<ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>"
        ),
        rules(
            "<Condition><HttpErrorCodeReturnedEquals>200</HttpErrorCodeReturnedEquals>"
            "</Condition><Redirect><HostName>h</HostName></Redirect>"
        ),
        rules(*["<Redirect><HostName>h</HostName></Redirect>"] * 51),
    ],
)
def test_bad_configurations_are_refused(content: str) -> None:
    with pytest.raises(S3Error):
        parse_website(configuration(content).decode())


def test_what_stands_in_locations() -> None:
    replaced = "<ReplaceKeyPrefixWith>#!/</ReplaceKeyPrefixWith>"
    redirect = f"<Redirect>{replaced}</Redirect>"
    site = parse_website(configuration(rules(redirect)).decode())
    rule = site.rule("x")
    assert rule is not None
    path = rule.path("100%\r\nSet-Cookie: x")
    told = location(rule.redirect, path, "http", "here")
    assert told == "http://here/#!/100%25%0D%0ASet-Cookie:%20x"
