"""name_check, read_only, crossdomain, quotas, etag_quoter and ratelimit."""

from __future__ import annotations

from typing import Any

import pytest

from objectstore.kernel.access import AccessRules, Identity
from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import CONTEXT_KEY, Context
from objectstore.kernel.settings import BadSettings
from objectstore.middleware import name_check, ratelimit
from objectstore.middleware.account_quotas import AccountQuotas
from objectstore.middleware.container_quotas import ContainerQuotas
from objectstore.middleware.crossdomain import Crossdomain, CrossdomainSettings
from objectstore.middleware.etag_quoter import EtagQuoter, EtagQuoterSettings
from objectstore.middleware.name_check import NameCheck, NameCheckSettings
from objectstore.middleware.ratelimit import Ratelimit, RatelimitSettings
from objectstore.middleware.rates import Pace, SizeRates
from objectstore.middleware.read_only import ReadOnly, ReadOnlySettings
from test.fakes.swift_app import Answer, Client, KnownFacts, SteppedClock, SwiftApp

RESELLER = Identity("admin:admin", is_reseller_admin=True)


# ---- name_check -----------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/v1/a/c/<o>", "contains forbidden chars from '\"`<>"),
        ("/v1/a/c/" + "é" * 250, "longer than the allowed maximum 255"),
        ("/v1/a/../o", "contains a forbidden substring from regular expression"),
        ("/v1/a/c/.", "contains a forbidden substring from regular expression"),
    ],
)
def test_bad_names(path: str, text: str) -> None:
    with pytest.raises(Rejected) as caught:
        Client(NameCheck(SwiftApp(), NameCheckSettings()))("GET", path)
    assert caught.value.status == 400
    assert caught.value.text.startswith(f"Object/Container/Account name {text}")


def test_good_names() -> None:
    client = Client(NameCheck(SwiftApp(), NameCheckSettings()))
    assert client("GET", "/v1/a/c/" + "é" * 240 + "/..x").status == 200
    settings = NameCheckSettings(forbidden_chars="", forbidden_regexp="")
    assert Client(NameCheck(SwiftApp(), settings))("GET", "/v1/../<").status == 200


def test_a_bad_expression_is_told_at_start() -> None:
    with pytest.raises(BadSettings, match="forbidden_regexp: is no regular"):
        name_check.filter_factory({}, forbidden_regexp="(")


# ---- read_only ------------------------------------------------------------


@pytest.mark.parametrize(
    ("everywhere", "own", "method", "allowed"),
    [
        (False, None, "PUT", True),
        (True, None, "PUT", False),
        (True, None, "GET", True),
        (True, None, "DELETE", False),
        (True, "false", "POST", True),
        (False, "true", "COPY", False),
        (False, "TRUE", "HEAD", True),
    ],
)
def test_read_only(
    everywhere: bool, own: str | None, method: str, allowed: bool
) -> None:
    metadata = {} if own is None else {"X-Account-Sysmeta-Read-Only": own}
    app = ReadOnly(SwiftApp(), ReadOnlySettings(read_only=everywhere))
    client = Client(app, KnownFacts({"AUTH_a": metadata}))
    if allowed:
        assert client(method, "/v1/AUTH_a/c").status == 200
    else:
        with pytest.raises(Rejected, match="405 Writes are disabled"):
            client(method, "/v1/AUTH_a/c")


def test_read_only_details() -> None:
    settings = ReadOnlySettings(read_only=True, allow_deletes=True)
    client = Client(ReadOnly(SwiftApp(), settings))
    assert client("DELETE", "/v1/AUTH_a/c").status == 200
    assert client("PUT", "/auth").status == 200
    facts = KnownFacts({"AUTH_b": {"X-Account-Sysmeta-Read-Only": "true"}})
    client = Client(ReadOnly(SwiftApp(), ReadOnlySettings()), facts)
    with pytest.raises(Rejected):
        client("COPY", "/v1/AUTH_a/c/o", {"Destination-Account": "AUTH_b"})


def test_crossdomain() -> None:
    client = Client(Crossdomain(SwiftApp(), CrossdomainSettings("<allow/>")))
    got = client("GET", "/crossdomain.xml")
    assert got.headers["Content-Type"] == "application/xml"
    assert b"<cross-domain-policy>\n<allow/>\n</cross-domain-policy>" in got.body
    assert client("PUT", "/crossdomain.xml").body == b""


# ---- quotas ---------------------------------------------------------------


def container_client(size: int, count: int, quota: dict[str, str]) -> Client:
    metadata = {f"X-Container-Meta-Quota-{k.title()}": v for k, v in quota.items()}
    facts = KnownFacts(containers={("a", "c"): metadata})
    facts.used["a", "c"], facts.count["a", "c"] = size, count
    return Client(ContainerQuotas(SwiftApp()), facts)


@pytest.mark.parametrize(
    ("size", "count", "quota", "allowed"),
    [
        (0, 0, {}, True),
        (95, 0, {"bytes": "100"}, True),
        (96, 0, {"bytes": "100"}, False),
        (0, 1, {"count": "2"}, True),
        (0, 2, {"count": "2"}, False),
        (999, 9, {"bytes": "junk", "count": ""}, True),
    ],
)
def test_container_quotas(
    size: int, count: int, quota: dict[str, str], allowed: bool
) -> None:
    client = container_client(size, count, quota)
    if allowed:
        assert client("PUT", "/v1/a/c/o", body=b"12345").status == 200
    else:
        with pytest.raises(Rejected, match="413 Upload exceeds quota"):
            client("PUT", "/v1/a/c/o", body=b"12345")
    assert client("DELETE", "/v1/a/c/o").status == 200
    assert client("PUT", "/v1/a/missing/o", body=b"12345").status == 200


def test_strangers_do_not_learn_of_quotas() -> None:
    def refuse(request: Any, rules: AccessRules) -> None:
        raise Rejected(401)

    client = container_client(0, 2, {"count": "2"})
    context = Context(facts=client.facts, authorize=refuse)
    with pytest.raises(Rejected, match="401"):
        client("PUT", "/v1/a/c/o", **{CONTEXT_KEY: context})


def test_container_quotas_must_be_numbers() -> None:
    client = container_client(0, 0, {})
    for name, text in (("Bytes", "bytes"), ("Count", "count")):
        header = {f"X-Container-Meta-Quota-{name}": "-1"}
        with pytest.raises(Rejected, match=f"400 Invalid {text} quota"):
            client("POST", "/v1/a/c", header)
    assert client("PUT", "/v1/a/c", {"X-Container-Meta-Quota-Bytes": ""}).status == 200


def account_client(size: int, count: int, metadata: dict[str, str]) -> Client:
    facts = KnownFacts({"a": metadata})
    facts.used["a"], facts.count["a"] = size, count
    return Client(AccountQuotas(SwiftApp()), facts)


def test_account_quotas() -> None:
    client = account_client(10, 3, {"X-Account-Meta-Quota-Bytes": "12"})
    assert client("PUT", "/v1/a/c/o", body=b"12").status == 200
    assert client("PUT", "/v1/a/c").status == 200
    with pytest.raises(Rejected, match="413 Upload exceeds quota"):
        client("PUT", "/v1/a/c/o", body=b"123")
    context = Context(facts=client.facts, identity=RESELLER)
    got = client("PUT", "/v1/a/c/o", body=b"123", **{CONTEXT_KEY: context})
    assert got.status == 200
    client = account_client(10, 3, {"X-Account-Sysmeta-Quota-Count": "3"})
    with pytest.raises(Rejected, match="413"):
        client("PUT", "/v1/a/c/o")
    client = account_client(10, 3, {})
    assert client("PUT", "/v1/a/c/o").status == 200


@pytest.mark.parametrize(
    "header",
    [
        "X-Account-Meta-Quota-Bytes",
        "X-Account-Quota-Bytes",
        "X-Account-Quota-Count",
        "X-Remove-Account-Meta-Quota-Bytes",
        "X-Remove-Account-Quota-Bytes",
    ],
)
def test_only_resellers_set_account_quotas(header: str) -> None:
    client = account_client(0, 0, {})
    with pytest.raises(Rejected, match="403"):
        client("POST", "/v1/a", {header: "5"})
    context = Context(identity=RESELLER)
    assert (
        client("POST", "/v1/a", {header: "5"}, **{CONTEXT_KEY: context}).status == 200
    )
    if "Remove" not in header:
        with pytest.raises(Rejected, match="400"):
            context = Context(identity=RESELLER)
            client("POST", "/v1/a", {header: "five"}, **{CONTEXT_KEY: context})


def test_the_count_quota_is_system_metadata() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("X-Account-Sysmeta-Quota-Count", "5")])
    client = Client(AccountQuotas(server))
    context = Context(identity=RESELLER)
    header = {"X-Account-Quota-Count": "5"}
    got = client("POST", "/v1/a", header, **{CONTEXT_KEY: context})
    assert server.last.headers["X-Account-Sysmeta-Quota-Count"] == "5"
    assert got.headers["X-Account-Quota-Count"] == "5"


def test_the_quota_of_bytes_has_two_names() -> None:
    server = SwiftApp()
    server.default = Answer(200, [("X-Account-Meta-Quota-Bytes", "5")])
    client = Client(AccountQuotas(server))
    context = Context(identity=RESELLER)
    header = {"X-Account-Quota-Bytes": "5"}
    got = client("POST", "/v1/a", header, **{CONTEXT_KEY: context})
    assert server.last.headers["X-Account-Meta-Quota-Bytes"] == "5"
    assert got.headers["X-Account-Quota-Bytes"] == "5"
    assert got.headers["X-Account-Meta-Quota-Bytes"] == "5"


def test_no_quotas_of_single_policies() -> None:
    client = account_client(0, 0, {})
    header = {"X-Account-Quota-Bytes-Policy-Gold": "5"}
    with pytest.raises(Rejected, match="403"):
        client("POST", "/v1/a", header)
    context = Context(identity=RESELLER)
    with pytest.raises(Rejected, match="501"):
        client("POST", "/v1/a", header, **{CONTEXT_KEY: context})


# ---- etag_quoter ----------------------------------------------------------


@pytest.mark.parametrize(
    ("container", "account", "default", "quoted"),
    [
        ("", "", False, False),
        ("", "", True, True),
        ("True", "", False, True),
        ("False", "True", True, False),
        ("", "True", False, True),
    ],
)
def test_etags(container: str, account: str, default: bool, quoted: bool) -> None:
    facts = KnownFacts(
        {"a": {"X-Account-Sysmeta-Rfc-Compliant-Etags": account}},
        {("a", "c"): {"X-Container-Sysmeta-Rfc-Compliant-Etags": container}},
    )
    server = SwiftApp()
    server.default = Answer(200, [("Etag", "abc")])
    client = Client(EtagQuoter(server, EtagQuoterSettings(default)), facts)
    got = client("GET", "/v1/a/c/o")
    assert got.headers["Etag"] == ('"abc"' if quoted else "abc")
    server.default = Answer(200, [("Etag", 'W/"abc"')])
    assert client("GET", "/v1/a/c/o").headers["Etag"] == 'W/"abc"'


def test_the_etag_setting_is_kept_and_shown() -> None:
    server = SwiftApp()
    client = Client(EtagQuoter(server, EtagQuoterSettings()))
    public = "X-Container-Rfc-Compliant-Etags"
    stored = "X-Container-Sysmeta-Rfc-Compliant-Etags"
    for sent, kept in (("yes", "True"), ("no", "False"), ("", "")):
        client("POST", "/v1/a/c", {public: sent})
        assert server.last.headers[stored] == kept
    client("POST", "/v1/a/c", {"X-Remove-Container-Rfc-Compliant-Etags": "x"})
    assert server.last.headers[stored] == ""
    server.default = Answer(204, [(stored, "True")])
    assert client("HEAD", "/v1/a/c").headers[public] == "True"


# ---- ratelimit ------------------------------------------------------------


def test_rates_at_sizes() -> None:
    rates = SizeRates([(200, 10.0), (100, 20.0)])
    assert [rates.at(size) for size in (0, 99, 100, 150, 200, 10**9)] == [
        0.0,
        0.0,
        20.0,
        15.0,
        10.0,
        10.0,
    ]
    assert SizeRates([]).at(5) == 0.0


def test_pace() -> None:
    clock = SteppedClock()
    pace = Pace(clock, longest_wait=1.0, idle_seconds_counted=0.5)
    assert pace.wait_for("a", 4.0) == 0.0
    assert pace.wait_for("a", 4.0) == 0.25
    assert pace.wait_for("b", 4.0) == 0.0
    assert [pace.wait_for("a", 4.0) for _ in range(3)] == [0.5, 0.75, None]
    clock.now += 100
    # Half a second of the idle time counts: two more than the first go at once.
    assert [pace.wait_for("a", 4.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.25]


def test_the_pace_forgets_who_is_done() -> None:
    clock = SteppedClock()
    pace = Pace(clock, 1.0, 0.0)
    for number in range(10_000):
        pace.wait_for(str(number), 1.0)
    clock.now += 10
    pace.wait_for("one more", 1.0)
    assert len(pace._due) == 1


class Limited:
    def __init__(self, **settings: Any) -> None:
        self.naps: list[float] = []
        self.server = SwiftApp()
        self.clock = SteppedClock()
        self.facts = KnownFacts({"a": {}}, {("a", "c"): {}})
        app = Ratelimit(
            self.server,
            RatelimitSettings(rate_buffer_seconds=0.0, **settings),
            SizeRates([(0, 2.0)]),
            SizeRates([(10, 1.0)]),
            self.clock,
            self.naps.append,
        )
        self.client = Client(app, self.facts)


def test_ratelimit_sleeps_then_refuses() -> None:
    house = Limited(account_ratelimit=4.0, max_sleep_time_seconds=0.6)
    for _ in range(3):
        assert house.client("PUT", "/v1/a/new").status == 200
    assert house.naps == [0.25, 0.5]
    with pytest.raises(Rejected, match="498 Slow down"):
        house.client("DELETE", "/v1/a/new")
    assert house.client("GET", "/v1/a").status == 200


def test_ratelimit_by_container() -> None:
    house = Limited()
    house.client("PUT", "/v1/a/c/o1")
    house.client("POST", "/v1/a/c/o2")
    assert house.naps == [0.5]
    house.client("GET", "/v1/a/c/o1")
    house.client("GET", "/v1/a/c")
    house.client("GET", "/v1/a/c")
    assert house.naps == [0.5]
    house.facts.count["a", "c"] = 10
    house.client("GET", "/v1/a/c")
    house.client("GET", "/v1/a/c")
    assert house.naps == [0.5, 1.0]


def test_black_white_and_global() -> None:
    house = Limited(account_whitelist=("w",), account_blacklist=("b",))
    got = house.client("GET", "/v1/b")
    assert (got.status, got.body) == (497, b"Your account has been blacklisted")
    for _ in range(3):
        house.client("PUT", "/v1/w/c/o")
    assert house.naps == []
    header = "X-Account-Sysmeta-Global-Write-Ratelimit"
    house.facts.accounts["a"] = {header: "BLACKLIST"}
    assert house.client("GET", "/v1/a").status == 497
    house.facts.accounts["a"] = {header: "WHITELIST"}
    house.client("PUT", "/v1/a/c/o")
    house.client("PUT", "/v1/a/c/o")
    assert house.naps == []
    house.facts.accounts["a"] = {header: "5"}
    house.client("POST", "/v1/a")
    house.client("POST", "/v1/a")
    assert house.naps == [pytest.approx(0.2)]


def test_ratelimit_settings() -> None:
    section = {"container_ratelimit_0": "5", "container_listing_ratelimit_7": "1"}
    app = ratelimit.filter_factory({}, **section)(SwiftApp())
    assert isinstance(app, Ratelimit)
    with pytest.raises(BadSettings, match="container_ratelimit_x"):
        ratelimit.filter_factory({}, container_ratelimit_x="5")
