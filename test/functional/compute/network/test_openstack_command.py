"""The network commands of the unmodified ``openstack`` client.

Each test is one process of the client that reads its commands from a script: a
process for each command would spend most of the time on starting.
"""

from __future__ import annotations

import json
from typing import Any

from test.functional.compute.house import OPENSTACK, RunningCloud
from test.functional.harness.tools import run

# Commands that print nothing when all is well.
SILENT = {"set", "unset", "delete", "add", "remove"}
SECONDS_MAX = 240.0


def script(cloud: RunningCloud, text: str) -> list[Any]:
    """Run the commands; what those print that print something."""
    commands = [line.split() for line in text.strip().splitlines()]
    talking = [words for words in commands if not _is_silent(words)]
    lines = [
        " ".join(words if _is_silent(words) else [*words, "-f", "json"])
        for words in commands
    ]
    ended = run(
        [str(OPENSTACK)],
        stdin="\n".join([*lines, ""]).encode(),
        environment=cloud.environment(),
        expected=None,
        seconds=SECONDS_MAX,
    )
    assert ended.errors == "", ended.errors
    found = _documents(ended.text)
    assert len(found) == len(talking), ended
    return found


def _is_silent(words: list[str]) -> bool:
    named = [word for word in words if not word.startswith("-")][:5]
    if "rule" in named or "rbac" in named:
        return "delete" in named
    return bool(SILENT & set(named))


def _documents(text: str) -> list[Any]:
    decoder, found, rest = json.JSONDecoder(), [], text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def test_networks_subnets_and_ports(cloud: RunningCloud) -> None:
    subnet_options = "--subnet-range 10.20.0.0/24 --dns-nameserver 9.9.9.9"
    made = script(
        cloud,
        f"""
        network create inside --tag blue
        subnet create inside4 --network inside {subnet_options}
        network list --tags blue
        port create one --network inside --fixed-ip subnet=inside4,ip-address=10.20.0.50
        port set one --allowed-address ip-address=10.20.0.99
        port show one
        port set one --no-allowed-address
        port list --fixed-ip ip-address=10.20.0.50
        port delete one
        subnet set inside4 --no-dhcp --name renamed
        subnet show renamed
        network delete inside
        network list --name inside
        """,
    )
    network, subnet, listed, port, paired, by_address, changed, gone = made
    assert (network["status"], subnet["gateway_ip"]) == ("ACTIVE", "10.20.0.1")
    assert [each["Subnets"] for each in listed] == [[subnet["id"]]]
    assert port["fixed_ips"][0]["ip_address"] == "10.20.0.50"
    assert paired["allowed_address_pairs"][0]["ip_address"] == "10.20.0.99"
    assert by_address[0]["Name"] == "one"
    assert changed["enable_dhcp"] is False
    assert gone == []


def test_routers_and_floating_ips(cloud: RunningCloud) -> None:
    route = "destination=10.55.0.0/16,gateway=10.21.0.77"
    made = script(
        cloud,
        f"""
        network create routed
        subnet create routed4 --network routed --subnet-range 10.21.0.0/24
        router create way --external-gateway public
        router add subnet way routed4
        router show way
        router set way --route {route}
        router show way
        router unset way --route {route}
        port create two --network routed
        floating ip create public --port two
        floating ip list --port two
        """,
    )
    joined, routed, floating, listed = made[3], made[4], made[6], made[7]
    assert joined["interfaces_info"][0]["ip_address"] == "10.21.0.1"
    assert routed["routes"][0]["nexthop"] == "10.21.0.77"
    assert floating["fixed_ip_address"].startswith("10.21.0.")
    address = floating["floating_ip_address"]
    assert listed[0]["Floating IP Address"] == address
    (freed,) = script(
        cloud,
        f"""
        floating ip unset --port {address}
        floating ip show {address}
        floating ip delete {address}
        port delete two
        router remove subnet way routed4
        router delete way
        network delete routed
        """,
    )
    assert freed["port_id"] is None


def test_port_forwardings(cloud: RunningCloud) -> None:
    script(
        cloud,
        """
        network create inner
        subnet create inner4 --network inner --subnet-range 10.22.0.0/24
        router create out --external-gateway public
        router add subnet out inner4
        port create guest --network inner --fixed-ip ip-address=10.22.0.50
        """,
    )
    (floating,) = script(cloud, "floating ip create public")
    address = floating["floating_ip_address"]
    base = "floating ip port forwarding"
    to_guest = "--internal-ip-address 10.22.0.50 --port guest --protocol tcp"
    ports = "--internal-protocol-port 22 --external-protocol-port 2222"
    range_ = "--internal-protocol-port 80:82 --external-protocol-port 8080:8082"
    one, many, listed = script(
        cloud,
        f"""
        {base} create {address} {to_guest} {ports} --description ssh
        {base} create {address} {to_guest} {range_}
        {base} list {address} --protocol tcp
        """,
    )
    assert (one["internal_port"], one["external_port"]) == (22, 2222)
    assert many["external_port_range"] == "8080:8082"
    assert {each["ID"] for each in listed} == {one["id"], many["id"]}
    (shown, floating) = script(
        cloud,
        f"""
        {base} set {address} {one["id"]} --external-protocol-port 2223
        {base} show {address} {one["id"]}
        floating ip show {address}
        """,
    )
    assert shown["external_port"] == 2223 and shown["description"] == "ssh"
    assert len(floating["port_forwardings"]) == 2
    script(
        cloud,
        f"""
        {base} delete {address} {one["id"]} {many["id"]}
        floating ip delete {address}
        port delete guest
        router remove subnet out inner4
        router delete out
        network delete inner
        """,
    )


def test_security_groups(cloud: RunningCloud) -> None:
    options = "--protocol tcp --dst-port 80:81 --remote-ip 10.0.0.0/8"
    made = script(
        cloud,
        f"""
        security group list
        security group create web
        security group rule create web {options}
        security group rule create web --protocol icmp --icmp-type 8
        security group rule list web --protocol tcp
        security group show web
        security group delete web
        """,
    )
    listed, group, rule, ping, rules, shown = made
    assert "default" in {each["Name"] for each in listed}
    assert (rule["port_range_min"], rule["port_range_max"]) == (80, 81)
    assert ping["port_range_min"] == 8
    assert [each["ID"] for each in rules] == [rule["id"]]
    assert len(shown["rules"]) == len(group["rules"]) + 2


def test_what_administrators_do(cloud: RunningCloud) -> None:
    flat = "--provider-network-type flat --provider-physical-network up"
    lending = "--type network --action access_as_shared --target-project guests"
    kept = "--service-type network:floatingip --no-dhcp"
    made = script(
        cloud,
        f"""
        project create guests
        network create lent
        network rbac create lent {lending}
        network create outer --external --share {flat}
        quota set guests --force --networks 3 --secgroups 4
        quota show --network guests
        subnet pool create pool --pool-prefix 10.99.0.0/16 --default-prefix-length 24
        subnet create cut --network lent --subnet-pool pool
        subnet create kept --network outer --subnet-range 192.0.2.0/24 {kept}
        address scope create scope --ip-version 4
        network agent list
        ip availability list
        availability zone list --network
        extension list --network
        network delete lent outer
        subnet pool delete pool
        address scope delete scope
        """,
    )
    project, _, lent, outer, quota, pool, cut, floating, scope = made[:9]
    agents, left, zones, extensions = made[9:]
    assert floating["service_types"] == ["network:floatingip"]
    assert lent["target_project_id"] == project["id"]
    assert outer["provider:network_type"] == "flat"
    limits = {each["Resource"]: each["Limit"] for each in quota}
    assert (limits["networks"], limits["security_groups"]) == (3, 4)
    assert (pool["prefixes"], cut["cidr"]) == (["10.99.0.0/16"], "10.99.0.0/24")
    assert scope["ip_version"] == 4
    assert agents == []
    assert "public" in {each["Network Name"] for each in left}
    assert zones[0]["Zone Name"] == "nova"
    aliases = {each["Alias"] for each in extensions}
    assert {"router", "security-group", "quotas", "binding"} <= aliases


def test_a_network_of_ones_own(cloud: RunningCloud) -> None:
    made, listed, kept = script(
        cloud,
        """
        network auto allocated topology create
        network list
        network auto allocated topology create --or-show
        network auto allocated topology delete
        """,
    )
    assert made["id"] in {each["ID"] for each in listed}
    assert kept["id"] == made["id"]


def test_addresses_under_a_name_and_what_groups_begin_with(
    cloud: RunningCloud,
) -> None:
    made = script(
        cloud,
        """
        address group create addresses --address 10.0.0.0/8
        address group set addresses --address 192.168.1.1
        address group unset addresses --address 10.0.0.0/8
        address group show addresses
        default security group rule create --protocol tcp --dst-port 22 --for-custom-sg
        security group create named
        security group rule create named --remote-address-group addresses --protocol udp
        default security group rule list
        network rbac create named --type security_group --action access_as_shared\
          --target-all-projects
        security group list --share
        network create numbers --mtu 1400
        """,
    )
    _, addresses, _, group, rule, defaults, lent, shared, network = made
    assert addresses["addresses"] == ["192.168.1.1/32"]
    protocols = {each["protocol"] for each in group["rules"]}
    assert protocols == {None, "tcp"}
    assert rule["remote_address_group_id"] == addresses["id"]
    assert len(defaults) == 5
    assert lent["object_type"] == "security_group"
    assert [each["ID"] for each in shared] == [group["id"]]
    assert network["mtu"] == 1400


def test_qos_policies(cloud: RunningCloud) -> None:
    limit = "--type bandwidth-limit --max-kbps"
    lent = "--type qos_policy --action access_as_shared --target-all-projects"
    made = script(
        cloud,
        f"""
        network qos rule type list
        network qos rule type show bandwidth_limit
        network qos policy create slow --share --description slowly
        network qos rule create slow {limit} 3000 --max-burst-kbits 300 --egress
        network qos rule create slow {limit} 6000 --ingress
        network qos rule create slow --type dscp-marking --dscp-mark 26
        network qos rule list slow
        network create limited --qos-policy slow
        port create held --network limited --qos-policy slow
        port unset held --qos-policy
        port show held
        floating ip create public --qos-policy slow
        network rbac create slow {lent}
        network qos policy set slow --default
        network create by-default
        network qos policy set slow --no-default
        network qos policy list
        """,
    )
    types, details, policy, egress, ingress, mark, rules, network, port = made[:9]
    kinds = {"bandwidth_limit", "dscp_marking", "packet_rate_limit"}
    assert {each["Type"] for each in types} == kinds
    assert details["rule_type_name"] == "bandwidth_limit"
    assert (policy["shared"], policy["rules"]) == (True, [])
    assert (egress["max_kbps"], egress["direction"]) == (3000, "egress")
    assert (ingress["max_kbps"], ingress["direction"]) == (6000, "ingress")
    assert (mark["dscp_mark"], len(rules)) == (26, 3)
    assert network["qos_policy_id"] == policy["id"] == port["qos_policy_id"]
    shown, floating, _, by_default, listed = made[9:]
    assert (shown["qos_policy_id"], shown["qos_network_policy_id"]) == (
        None,
        policy["id"],
    )
    assert floating["qos_policy_id"] == policy["id"] == by_default["qos_policy_id"]
    assert [each["Name"] for each in listed] == ["slow"]
    (left,) = script(
        cloud,
        f"""
        port delete held
        network delete limited by-default
        floating ip delete {floating["floating_ip_address"]}
        network qos rule delete slow {mark["id"]}
        network qos policy delete slow
        network qos policy list
        """,
    )
    assert left == []


def test_meters(cloud: RunningCloud) -> None:
    made = script(
        cloud,
        """
        network meter create outward --description billed --share
        network meter rule create outward --egress --remote-ip-prefix 0.0.0.0/0
        network meter rule create outward --exclude --source-ip-prefix 10.0.0.0/8
        network meter rule list
        network meter show outward
        network meter list
        """,
    )
    label, counted, left_out, rules, shown, labels = made
    assert (label["name"], label["shared"]) == ("outward", True)
    assert (counted["direction"], counted["is_excluded"]) == ("egress", False)
    assert counted["remote_ip_prefix"] == "0.0.0.0/0"
    assert left_out["source_ip_prefix"] == "10.0.0.0/8"
    assert {each["ID"] for each in rules} == {counted["id"], left_out["id"]}
    assert shown["id"] == label["id"] == labels[0]["ID"]
    (left,) = script(
        cloud,
        f"""
        network meter rule delete {counted["id"]}
        network meter delete outward
        network meter rule list
        """,
    )
    assert left == []


def test_names_and_gateways(cloud: RunningCloud) -> None:
    named = "--dns-domain blue.example. --dns-name"
    made = script(
        cloud,
        f"""
        network create named --dns-domain red.example.
        subnet create named4 --network named --subnet-range 10.29.0.0/24
        port create web --network named {named} web
        floating ip create public {named} www
        network qos policy create gate
        router create gated
        router set gated --external-gateway public --qos-policy gate
        router show gated
        """,
    )
    network, port, floating, policy, router = (made[i] for i in (0, 2, 3, 4, -1))
    assert network["dns_domain"] == "red.example."
    (assigned,) = port["dns_assignment"]
    assert assigned["fqdn"] == "web.blue.example."
    assert (floating["dns_name"], floating["dns_domain"]) == ("www", "blue.example.")
    assert router["external_gateway_info"]["qos_policy_id"] == policy["id"]
    (left,) = script(
        cloud,
        f"""
        router delete gated
        port delete web
        network delete named
        floating ip delete {floating["floating_ip_address"]}
        network qos policy delete gate
        network qos policy list
        """,
    )
    assert left == []


def test_trunks(cloud: RunningCloud) -> None:
    port = "port create --network cables"
    one, two = (
        f"port={name},segmentation-type=vlan,segmentation-id={vlan}"
        for name, vlan in (("sub1", 100), ("sub2", 200))
    )
    *_, made, listed, subports, parent, sub, locked, left = script(
        cloud,
        f"""
        network create cables
        {port} parent
        {port} sub1
        {port} sub2
        network trunk create --parent-port parent --subport {one} many
        network trunk set --subport {two} --description wires many
        network trunk list
        network subport list --trunk many
        port show parent
        port show sub1
        network trunk unset --subport sub1 many
        network trunk set --disable many
        network trunk show many
        network trunk set --enable many
        network trunk delete many
        port delete parent sub1 sub2
        network delete cables
        network trunk list
        """,
    )
    assert made["sub_ports"][0]["segmentation_id"] == 100
    assert [each["Name"] for each in listed] == ["many"]
    assert [each["Segmentation ID"] for each in subports] == [100, 200]
    assert parent["trunk_details"]["trunk_id"] == made["id"]
    assert (sub["id"], sub["device_owner"]) == (
        made["sub_ports"][0]["port_id"],
        "trunk:subport",
    )
    assert (locked["is_admin_state_up"], len(locked["sub_ports"])) == (False, 1)
    assert left == []
