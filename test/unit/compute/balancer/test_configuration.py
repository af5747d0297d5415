"""What haproxy is told, word by word, of trees that hold one of each thing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.balancer.agent.text import Surroundings, connections_max, whole_text
from compute.balancer.haproxy.configuration import configuration
from compute.balancer.haproxy.frontends import SERVICE
from compute.balancer.haproxy.words import quoted, quoted_format
from compute.balancer.model import (
    PENDING_DELETE,
    Balancer,
    Listener,
    Member,
    Monitor,
    Policy,
    Pool,
    Rule,
    Tree,
)

PART: dict[str, Any] = {"project_id": "p", "balancer_id": "b"}
BALANCER = Balancer(id="b", project_id="p", vip_address="10.0.0.9")
LISTENER = Listener(
    id="l",
    **PART,
    protocol="HTTP",
    port=80,
    default_pool_id="p1",
    insert_headers={},
    timeout_client_data=1,
    timeout_member_connect=2,
    timeout_member_data=3,
    timeout_tcp_inspect=0,
    allowed_cidrs=[],
)
POOL = Pool(id="p1", **PART, protocol="HTTP", algorithm="ROUND_ROBIN", persistence={})
MEMBER = Member(id="m", **PART, pool_id="p1", address="10.0.0.1", port=8000)
TREE = Tree(BALANCER, (LISTENER,), (POOL,), (MEMBER,))


def test_the_least() -> None:
    assert configuration(TREE) == (
        "frontend l\n"
        "  bind 10.0.0.9:80\n"
        "  mode http\n"
        "  maxconn 20000\n"
        "  timeout client 1ms\n"
        "  default_backend p1:l\n"
        "backend p1:l\n"
        "  mode http\n"
        "  balance roundrobin\n"
        "  timeout connect 2ms\n"
        "  timeout server 3ms\n"
        "  option allbackups\n"
        "  option http-keep-alive\n"
        "  server m 10.0.0.1:8000 weight 1\n"
    )


@pytest.mark.parametrize(
    "tree",
    [
        replace(TREE, balancer=replace(BALANCER, admin_up=False)),
        replace(TREE, balancer=replace(BALANCER, vip_address="")),
        replace(TREE, listeners=()),
        replace(TREE, listeners=(replace(LISTENER, admin_up=False),)),
        replace(
            TREE, listeners=(replace(LISTENER, provisioning_status=PENDING_DELETE),)
        ),
    ],
)
def test_nothing_to_serve(tree: Tree) -> None:
    assert configuration(tree) == ""


def server(**values: Any) -> str:
    """The line of a member, in a tree with these changes."""
    pool = replace(POOL, **values.pop("pool", {}))
    monitor = values.pop("monitor", None)
    listener = replace(LISTENER, protocol=values.pop("protocol", "HTTP"))
    tree = Tree(
        BALANCER,
        (listener,),
        (pool,),
        (replace(MEMBER, **values),),
        (monitor,) if monitor else (),
    )
    (line,) = re.findall(r"  server .*", configuration(tree))
    return str(line).removeprefix("  server m ")


PROBE = Monitor(
    id="h",
    **PART,
    pool_id="p1",
    type="TCP",
    delay=5,
    timeout=3,
    max_retries=2,
    max_retries_down=4,
)


def test_members() -> None:
    assert server(address="fd00::1") == "[fd00::1]:8000 weight 1"
    assert server(weight=0, backup=True).endswith("weight 0 backup")
    assert server(admin_up=False).endswith("disabled")
    assert server(pool={"protocol": "PROXY"}).endswith("send-proxy")
    assert server(pool={"protocol": "PROXYV2"}).endswith("send-proxy-v2")
    assert server(pool={"tls_enabled": True}).endswith("ssl verify none")
    assert server(monitor=PROBE).endswith("check inter 5s fall 4 rise 2")
    probed = {"monitor_address": "10.0.0.7", "monitor_port": 99}
    assert server(monitor=PROBE, **probed).endswith("addr 10.0.0.7 port 99")
    assert "check" not in server(monitor=replace(PROBE, admin_up=False))
    secret = replace(PROBE, type="HTTPS", http_method="GET", url_path="/")
    secret = replace(secret, expected_codes="200")
    assert server(monitor=secret).endswith("check-ssl verify none")
    sticky = {"persistence": {"type": "HTTP_COOKIE"}}
    assert server(pool=sticky).endswith("cookie m")
    assert "cookie" not in server(pool=sticky, protocol="TCP")


def text_of(**parts: Any) -> str:
    return configuration(replace(TREE, **parts))


def test_monitors() -> None:
    probe = replace(
        PROBE,
        type="HTTP",
        http_method="HEAD",
        url_path="/a?b='c'",
        expected_codes="200, 202",
        http_version="1.1",
        domain_name="a.example",
    )
    text = text_of(monitors=(probe,))
    assert "  option httpchk\n" in text
    assert (
        "  http-check send meth HEAD uri '/a?b='\\''c'\\''' ver HTTP/1.1"
        " hdr Host 'a.example'\n"
    ) in text
    assert "  http-check expect status 200,202\n" in text
    assert "  timeout check 3s\n" in text
    hello = text_of(monitors=(replace(PROBE, type="TLS-HELLO"),))
    assert "ssl-hello-chk" in hello


def test_persistence() -> None:
    def sticky(**values: Any) -> str:
        return text_of(pools=(replace(POOL, persistence=values),))

    assert "stick-table type ip size 10k peers own" in sticky(type="SOURCE_IP")
    timed = sticky(type="SOURCE_IP", persistence_timeout=60)
    assert "size 10k expire 60s peers own" in timed
    six = replace(BALANCER, vip_address="fd00::9")
    pool = replace(POOL, persistence={"type": "SOURCE_IP"})
    text = text_of(balancer=six, pools=(pool,))
    assert "type ipv6" in text and "bind [fd00::9]:80" in text
    found = sticky(type="APP_COOKIE", cookie_name="JS")
    assert "stick store-response res.cook(JS)" in found
    assert "cookie SRV insert indirect nocache" in sticky(type="HTTP_COOKIE")


def policy(number: int, action: str, **values: Any) -> Policy:
    return Policy(
        id=f"y{number}",
        **PART,
        listener_id="l",
        action=action,
        position=number,
        **values,
    )


def rule(number: int, kind: str, compare: str, value: str, **more: Any) -> Rule:
    return Rule(
        id=f"r{number}",
        **PART,
        policy_id=f"y{number}",
        type=kind,
        compare_type=compare,
        value=value,
        **more,
    )


def test_policies() -> None:
    policies = (
        policy(3, "REDIRECT_TO_POOL", redirect_pool_id="p1"),
        policy(1, "REJECT"),
        policy(2, "REDIRECT_TO_URL", redirect_url="http://x/%41"),
        policy(
            4, "REDIRECT_PREFIX", redirect_prefix="http://y", redirect_http_code=307
        ),
        policy(5, "REJECT"),  # has no rules
        policy(6, "REJECT", admin_up=False),
    )
    rules = (
        rule(1, "HOST_NAME", "EQUAL_TO", "a.example"),
        rule(2, "HEADER", "CONTAINS", "it's", key="X-A", invert=True),
        rule(3, "COOKIE", "REGEX", "^a|b$", key="c"),
        rule(4, "FILE_TYPE", "REGEX", "jpe?g"),
        rule(6, "PATH", "STARTS_WITH", "/"),
    )
    lines = text_of(policies=policies, rules=rules).splitlines()
    start = lines.index("  timeout client 1ms") + 1
    chosen = "if { var(txn.policy) -m str"
    set_var = "  http-request set-var"

    def choose(name: str, missed: str) -> list[str]:
        free = f"!{{ var(txn.policy) -m found }} !{{ var(txn.missed) -m str {name} }}"
        return [
            f"{set_var}(txn.missed) str({name}) if {missed}",
            f"{set_var}(txn.policy) str({name}) if {free}",
        ]

    assert lines[start:][:12] == [
        *choose("y1", "!{ req.hdr(host),host_only -i -m str -- 'a.example' }"),
        f"  http-request deny deny_status 403 {chosen} y1 }}",
        *choose("y2", "{ req.hdr(X-A) -m sub -- 'it'\\''s' }"),
        f"  http-request redirect location 'http://x/%%41' code 302 {chosen} y2 }}",
        *choose("y3", "!{ req.cook(c) -m reg -- '^a|b$' }"),
        f"  use_backend p1:l {chosen} y3 }}",
        *choose("y4", "!{ path -m reg -- '[.](jpe?g)$' }"),
        f"  http-request redirect prefix 'http://y' code 307 {chosen} y4 }}",
    ]
    assert lines[start + 12] == "  default_backend p1:l"


def test_lines_are_short_however_many_rules_there_are() -> None:
    """Haproxy reads no more than 64 words of a line."""
    rules = tuple(rule(1, "PATH", "EQUAL_TO", f"/{each}") for each in range(99))
    text = text_of(policies=(policy(1, "REJECT"),), rules=rules)
    assert text.count("path -m str") == len(rules)
    assert max(len(line.split()) for line in text.splitlines()) < 20


def test_a_pool_of_two_listeners_is_two_backends() -> None:
    tcp = replace(LISTENER, id="t", protocol="TCP", port=9, timeout_member_data=77)
    text = text_of(listeners=(LISTENER, tcp))
    assert text.count("backend p1:") == 4  # twice defined, twice the default
    assert "backend p1:t\n  mode tcp\n" in text and "timeout server 77ms" in text


def test_headers_and_limits() -> None:
    headers = {"X-Forwarded-For": "true", "X-Forwarded-Port": "false"}
    listener = replace(LISTENER, insert_headers=headers, connection_limit=7)
    text = text_of(listeners=(listener,))
    assert "option forwardfor" in text and "X-Forwarded-Port" not in text
    assert "  maxconn 7\n" in text
    assert connections_max(-1) == 20000 and connections_max(1500) == 500
    assert connections_max(100) == 1


@given(st.text().filter(str.isprintable))
def test_whatever_is_quoted_is_one_word(text: str) -> None:
    """By the shell's rules, which are haproxy's for single quotes."""
    import shlex

    assert shlex.split(quoted(text)) == [text]
    assert shlex.split(quoted_format(text)) == [text.replace("%", "%%")]


def test_nothing_ends_a_line() -> None:
    for bad in ("a\nb", "a\rb", "\0", "\x7f", "\u2028"):
        with pytest.raises(AssertionError):
            quoted(bad)


def test_the_hosts_part() -> None:
    around = Surroundings("/s", "/e", "haproxy", "haproxy", 1 << 20, "/m.lua")
    text = whole_text("frontend x\n", around)
    assert "  user 'haproxy'\n" in text and text.endswith("frontend x\n")
    assert "stats socket '/s' mode 600" in text
    assert "lua-load" not in text  # costs memory
    assert "  lua-load '/m.lua'\n" in whole_text(f"{SERVICE}\n", around)
