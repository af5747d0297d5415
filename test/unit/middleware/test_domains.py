"""domain_remap and cname_lookup: host names into paths."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.errors import Rejected
from objectstore.kernel.settings import BadSettings
from objectstore.middleware import cname_lookup
from objectstore.middleware.cname_lookup import CnameLookup, CnameLookupSettings
from objectstore.middleware.domain_remap import DomainRemap, DomainRemapSettings
from objectstore.middleware.storage_domains import split_host
from test.fakes.swift_app import Client, SteppedClock, SwiftApp


def remapped(host: str, path: str, **settings: Any) -> str:
    server = SwiftApp()
    client = Client(DomainRemap(server, DomainRemapSettings(**settings)))
    client("GET", path, {"Host": host} if host else {})
    return server.last.path


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("c.AUTH_a.example.com", "/o", "/v1/AUTH_a/c/o"),
        ("c.auth-a.example.com:8080", "/dir/é", "/v1/AUTH_a/c/dir/é"),
        ("auth_a.Example.COM", "/c/o", "/v1/AUTH_a/c/o"),
        ("c.auth_a.example.com", "/", "/v1/AUTH_a/c/"),
        ("auth_a.example.com", "/", "/v1/AUTH_a"),
        ("c.auth_a.example.com", "/v1/o", "/v1/AUTH_a/c/v1/o"),
        ("c.other_a.example.com", "/o", "/o"),
        ("c.a.example.com", "/o", "/o"),
        ("example.com", "/v1/AUTH_a", "/v1/AUTH_a"),
        ("elsewhere.net", "/v1/AUTH_a", "/v1/AUTH_a"),
        ("", "/v1/AUTH_a", "/v1/AUTH_a"),
    ],
)
def test_remapping(host: str, path: str, expected: str) -> None:
    assert remapped(host, path) == expected


def test_remapping_options() -> None:
    domains = {"storage_domain": ("one.net", ".two.net")}
    assert remapped("c.auth_a.two.net", "/o", **domains) == "/v1/AUTH_a/c/o"
    default = {"default_reseller_prefix": "AUTH"}
    assert remapped("c.a-b.example.com", "/o", **default) == "/v1/AUTH_a-b/c/o"
    mangle = {"mangle_client_paths": True}
    assert remapped("c.auth_a.example.com", "/v1/o", **mangle) == "/v1/AUTH_a/c/o"
    assert remapped("c.auth_a.example.com", "/v1", **mangle) == "/v1/AUTH_a/c/"
    assert remapped("c.auth_a.example.com", "/v1o", **mangle) == "/v1/AUTH_a/c/v1o"
    assert remapped("c.auth_a.x.net", "/o", storage_domain=()) == "/o"


@pytest.mark.parametrize("host", ["a.b.c.example.com", "..example.com"])
def test_bad_domains(host: str) -> None:
    with pytest.raises(Rejected, match="400 Bad domain in host header"):
        remapped(host, "/o")


class Names:
    def __init__(self, names: dict[str, tuple[float, str]], **settings: Any) -> None:
        self.names = names
        self.asked: list[str] = []
        self.server = SwiftApp()
        self.clock = SteppedClock()
        app = CnameLookup(
            self.server, CnameLookupSettings(**settings), self.clock, self.resolve
        )
        self.client = Client(app)

    def resolve(self, name: str) -> tuple[float, str]:
        self.asked.append(name)
        return self.names.get(name, (0.0, ""))

    def host(self, host: str) -> str:
        self.client("GET", "/", {"Host": host})
        return self.server.last.headers["Host"]


def test_cnames_take_the_place_of_the_host() -> None:
    names = Names({"www.shop.org": (60.0, "C.auth_a.example.com.")})
    assert names.host("www.shop.org:81") == "c.auth_a.example.com:81"
    assert names.host("WWW.shop.org") == "c.auth_a.example.com"
    assert names.asked == ["www.shop.org"]
    names.clock.now += 61
    names.host("www.shop.org")
    assert len(names.asked) == 2


@pytest.mark.parametrize(
    "host", ["example.com", "x.example.com:80", "10.0.0.1:80", "[::1]:80", "[::1]"]
)
def test_our_own_hosts_and_addresses_are_not_looked_up(host: str) -> None:
    names = Names({})
    assert names.host(host) == host
    assert names.asked == []


def test_chains_and_failures() -> None:
    chain = {"a.org": (9.0, "b.org"), "b.org": (9.0, "c.example.com")}
    with pytest.raises(Rejected, match="400 CNAME lookup failed after 1 tries"):
        Names(chain).host("a.org")
    assert Names(chain, lookup_depth=2).host("a.org") == "c.example.com"
    with pytest.raises(Rejected, match="400 CNAME lookup failed to resolve to a valid"):
        Names({}).host("a.org")
    with pytest.raises(Rejected, match="valid domain"):
        Names({"a.org": (9.0, "a.org")}).host("a.org")


def test_failures_are_remembered_shortly_and_the_table_is_bounded() -> None:
    names = Names({})
    for _ in range(3):
        with pytest.raises(Rejected):
            names.host("a.org")
    assert names.asked == ["a.org"]
    app = names.client.app
    app._remembered = {str(number): (9e9, "") for number in range(10_000)}
    with pytest.raises(Rejected):
        names.host("b.org")
    assert len(app._remembered) == 10_000


def test_nameservers_are_checked_at_start() -> None:
    with pytest.raises(BadSettings, match="nameservers"):
        cname_lookup.filter_factory({}, nameservers="dns.example")
    made = cname_lookup.filter_factory({}, nameservers="127.0.0.1:5353, ::1")
    assert isinstance(made(SwiftApp()), CnameLookup)


def test_splitting_hosts() -> None:
    assert split_host("A.b:80") == ("a.b", "80")
    assert split_host("[::1]:80") == ("[::1]", "80")
    assert split_host("::1") == ("::1", "")
    assert split_host("a:b") == ("a:b", "")
