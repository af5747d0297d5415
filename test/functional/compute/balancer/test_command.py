"""The commands of the unmodified ``openstack loadbalancer`` (python-octaviaclient).

Each test is one process of the client that reads its commands from a script.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from test.fakes.certificates import Authority
from test.functional.compute.house import OPENSTACK, RunningCloud
from test.functional.harness.tools import run

pytest.importorskip("octaviaclient")

SECONDS_MAX = 240.0
SILENT = ("set", "unset", "delete", "failover")


def script(cloud: RunningCloud, text: str) -> list[Any]:
    """Run the commands; what those print that print something."""
    lines, talking = [], 0
    for line in text.strip().splitlines():
        words = line.split()
        is_silent = any(verb in words[1:4] for verb in SILENT) and "quota" not in words
        is_silent = is_silent or words[1:3] == ["quota", "reset"]
        talking += 0 if is_silent else 1
        # The status is JSON in any case.
        is_plain = is_silent or words[1:3] == ["status", "show"]
        lines.append(" ".join(words if is_plain else [*words, "-f", "json"]))
    ended = run(
        [str(OPENSTACK)],
        stdin="\n".join([*lines, ""]).encode(),
        environment=cloud.environment(),
        expected=None,
        seconds=SECONDS_MAX,
    )
    assert ended.errors == "", (ended.errors, ended.text)
    decoder, found, rest = json.JSONDecoder(), [], ended.text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    assert len(found) == talking, ended
    return found


@pytest.fixture(scope="module")
def subnet(cloud: RunningCloud) -> str:
    made = script(
        cloud,
        """
        network create inside
        subnet create inside4 --network inside --subnet-range 10.20.0.0/24
        """,
    )
    return str(made[1]["id"])


def test_everything_there_is(cloud: RunningCloud, subnet: str) -> None:
    made = script(
        cloud,
        """
        loadbalancer create --name lb --vip-subnet-id inside4 --tag blue --wait
        loadbalancer listener create --name web --protocol HTTP --protocol-port 80 --connection-limit 100 --insert-headers X-Forwarded-For=true --wait lb
        loadbalancer pool create --name servers --lb-algorithm ROUND_ROBIN --listener web --protocol HTTP --session-persistence type=HTTP_COOKIE --wait
        loadbalancer member create --name one --address 10.20.0.50 --protocol-port 8000 --weight 5 --wait servers
        loadbalancer member create --name two --address 10.20.0.51 --protocol-port 8000 --enable-backup --monitor-port 99 --wait servers
        loadbalancer healthmonitor create --name probe --delay 5 --timeout 3 --max-retries 2 --type HTTP --url-path /health --expected-codes 200-204 --http-version 1.1 --domain-name a.example --wait servers
        loadbalancer pool create --name others --lb-algorithm LEAST_CONNECTIONS --loadbalancer lb --protocol HTTP --wait
        loadbalancer l7policy create --name to-others --action REDIRECT_TO_POOL --redirect-pool others --wait web
        loadbalancer l7rule create --type PATH --compare-type STARTS_WITH --value /api --wait to-others
        loadbalancer show lb
        loadbalancer member list servers
        loadbalancer status show lb
        loadbalancer stats show lb
        loadbalancer listener stats show web
        """,  # noqa: E501
    )
    balancer, listener, pool, one, two, monitor, _, policy, rule = made[:9]
    shown, members, status, stats, of_listener = made[9:]
    assert balancer["provisioning_status"] == "ACTIVE"
    assert balancer["vip_subnet_id"] == subnet
    assert (listener["connection_limit"], listener["protocol_port"]) == (100, 80)
    assert pool["lb_algorithm"] == "ROUND_ROBIN"
    assert (one["weight"], two["backup"], two["monitor_port"]) == (5, True, 99)
    assert (monitor["http_version"], monitor["domain_name"]) == (1.1, "a.example")
    assert (policy["position"], rule["value"]) == (1, "/api")
    assert shown["operating_status"] == "ONLINE"
    assert {each["name"]: each["operating_status"] for each in members} == {
        "one": "ONLINE",
        "two": "ONLINE",
    }
    (seen,) = status["loadbalancer"]["listeners"]
    assert [each["name"] for each in seen["pools"]] == ["servers", "others"]
    assert stats == of_listener == dict.fromkeys(stats, 0)


def test_changes_and_ends(cloud: RunningCloud, subnet: str) -> None:
    made = script(
        cloud,
        """
        loadbalancer create --name second --vip-subnet-id inside4 --wait
        loadbalancer set second --name renamed --description mine --disable --wait
        loadbalancer set renamed --enable --tag red --wait
        loadbalancer show renamed
        loadbalancer listener create --name tcp --protocol TCP --protocol-port 22 --allowed-cidr 192.0.2.0/24 --wait renamed
        loadbalancer pool create --name p --lb-algorithm SOURCE_IP --listener tcp --protocol TCP --wait
        loadbalancer listener set tcp --timeout-client-data 1000 --wait
        loadbalancer listener unset tcp --timeout-client-data --allowed-cidrs --wait
        loadbalancer listener show tcp
        loadbalancer pool set p --lb-algorithm ROUND_ROBIN --session-persistence type=SOURCE_IP,persistence_timeout=60 --wait
        loadbalancer pool unset p --session-persistence --wait
        loadbalancer pool show p
        loadbalancer member create --name m --address 10.20.0.60 --protocol-port 22 --wait p
        loadbalancer member set p m --weight 9 --monitor-address 10.20.0.61 --wait
        loadbalancer member unset p m --monitor-address --wait
        loadbalancer member show p m
        loadbalancer healthmonitor create --name h --delay 5 --timeout 3 --max-retries 2 --type TCP --wait p
        loadbalancer healthmonitor set h --delay 7 --wait
        loadbalancer healthmonitor show h
        loadbalancer healthmonitor delete h --wait
        loadbalancer member delete p m --wait
        loadbalancer failover renamed --wait
        loadbalancer list --tags red
        loadbalancer list --name nobody
        loadbalancer delete renamed --cascade --wait
        loadbalancer list --name renamed
        """,  # noqa: E501
    )
    renamed, listener, pool = made[1], made[4], made[5]
    assert (renamed["name"], renamed["description"]) == ("renamed", "mine")
    assert (renamed["admin_state_up"], renamed["tags"]) == (True, ["red"])
    assert (listener["timeout_client_data"], listener["allowed_cidrs"]) == (50000, None)
    assert pool["session_persistence"] in (None, "")
    member, monitor = made[7], made[9]
    assert (member["weight"], member["monitor_address"]) == (9, None)
    assert monitor["delay"] == 7
    assert [each["name"] for each in made[10]] == ["renamed"]
    assert made[11:] == [[], []]


def test_policies_quotas_and_surroundings(cloud: RunningCloud, subnet: str) -> None:
    made = script(
        cloud,
        """
        loadbalancer create --name third --vip-subnet-id inside4 --wait
        loadbalancer listener create --name l --protocol HTTP --protocol-port 80 --wait third
        loadbalancer l7policy create --name a --action REJECT --wait l
        loadbalancer l7policy create --name b --action REDIRECT_TO_URL --redirect-url http://x.example/ --redirect-http-code 301 --wait l
        loadbalancer l7policy create --name c --action REDIRECT_PREFIX --redirect-prefix https://x.example --position 1 --wait l
        loadbalancer l7policy set b --position 1 --wait
        loadbalancer l7policy list
        loadbalancer l7rule create --type HEADER --key X-A --compare-type REGEX --value ^a+$ --invert --wait a
        loadbalancer l7rule list a
        loadbalancer l7policy delete c --wait
        loadbalancer l7policy show a
        loadbalancer provider list
        loadbalancer flavor list
        loadbalancer availabilityzone list
        loadbalancer amphora list
        loadbalancer quota defaults show
        loadbalancer quota set --loadbalancer 3 admin
        loadbalancer quota show admin
        loadbalancer quota list
        loadbalancer quota reset admin
        loadbalancer delete third --cascade --wait
        """,  # noqa: E501
    )
    order = {each["name"]: each["position"] for each in made[5]}
    order.pop("to-others", None)  # of another test's listener
    assert order == {"b": 1, "c": 2, "a": 3}
    (rule,) = made[7]
    assert (rule["key"], rule["value"], rule["invert"]) == ("X-A", "^a+$", True)
    assert made[8]["position"] == 2
    assert [each["name"] for each in made[9]] == ["haproxy"]
    assert made[10:13] == [[], [], []]
    assert made[13]["load_balancer"] == 10
    assert made[15]["load_balancer"] == 3
    assert [each["load_balancer"] for each in made[16]] == [3]


def test_datagrams_and_tls(cloud: RunningCloud, subnet: str) -> None:
    bundle = base64.b64encode(Authority().issue("web.example").bundle()).decode()
    secret = script(
        cloud,
        f"""
        secret store --name web --payload-content-type application/octet-stream --payload-content-encoding base64 --payload {bundle}
        """,  # noqa: E501
    )[0]["Secret href"]
    found = script(
        cloud,
        f"""
        loadbalancer create --name more --vip-subnet-id {subnet} --wait
        loadbalancer listener create --name dns --protocol UDP --protocol-port 53 --wait more
        loadbalancer pool create --name resolvers --listener dns --protocol UDP --lb-algorithm SOURCE_IP_PORT --session-persistence type=SOURCE_IP,persistence_timeout=60,persistence_granularity=255.255.255.0 --wait
        loadbalancer healthmonitor create --type UDP-CONNECT --delay 5 --timeout 3 --max-retries 2 --wait resolvers
        loadbalancer listener create --name tls --protocol TERMINATED_HTTPS --protocol-port 443 --default-tls-container-ref {secret} --sni-container-refs {secret} --tls-version TLSv1.3 --alpn-protocol h2 --hsts-max-age 300 --wait more
        loadbalancer listener show tls
        secret consumer list {secret}
        loadbalancer delete --cascade --wait more
        """,  # noqa: E501
    )
    monitor, shown, consumers = found[3], found[-2], found[-1]
    assert monitor["type"] == "UDP-CONNECT" and shown["hsts_max_age"] == 300
    assert shown["default_tls_container_ref"] == secret
    assert [each["Service"] for each in consumers] == ["load-balancer"]


def test_flavors(cloud: RunningCloud, subnet: str) -> None:
    made = script(
        cloud,
        f"""
        loadbalancer provider capability list haproxy
        loadbalancer flavorprofile create --name few --provider haproxy --flavor-data {{}}
        loadbalancer flavor create --name small --flavorprofile few --enable
        loadbalancer create --name twice --vip-subnet-id {subnet} --additional-vip subnet-id={subnet} --flavor small --wait
        loadbalancer delete twice --wait
        loadbalancer flavor set --disable small
        loadbalancer flavor show small
        loadbalancer flavor delete small
        loadbalancer flavorprofile delete few
        loadbalancer flavor list
        """,  # noqa: E501
    )
    assert "connection_limit" in {each["name"] for each in made[0]}
    assert made[1]["flavor_data"] == "{}"
    assert made[3]["flavor_id"] == made[2]["id"]
    assert len(made[3]["additional_vips"]) > 0
    assert made[4]["enabled"] is False
    assert made[5] == []
