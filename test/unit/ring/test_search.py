"""The operators' notation for devices."""

from __future__ import annotations

import pytest

from ring.address import normalize_address
from ring.device import Device
from ring.errors import Refused
from ring.search import (
    Criteria,
    apply_change,
    parse_change,
    parse_new_device,
    parse_search,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d74", {"id": 74}),
        ("r4", {"region": 4}),
        ("z1", {"zone": 1}),
        ("z1-1.2.3.4", {"zone": 1, "ip": "1.2.3.4"}),
        ("1.2.3.4", {"ip": "1.2.3.4"}),
        ("-1.2.3.4", {"ip": "1.2.3.4"}),
        ("z1:5678", {"zone": 1, "port": 5678}),
        (":5678", {"port": 5678}),
        ("R5.6.7.8", {"replication_ip": "5.6.7.8"}),
        ("R:5678", {"replication_port": 5678}),
        ("1.2.3.4R5.6.7.8", {"ip": "1.2.3.4", "replication_ip": "5.6.7.8"}),
        ("/sdb1", {"device": "sdb1"}),
        ("_shiny", {"meta": "shiny"}),
        ("_snet: 5.6.7.8", {"meta": "snet: 5.6.7.8"}),
        ("[::1]", {"ip": "::1"}),
        ("z1-[0:0::1]:5678", {"zone": 1, "ip": "::1", "port": 5678}),
        ("R[::1]:9", {"replication_ip": "::1", "replication_port": 9}),
        (
            "d74r4z1-1.2.3.4:5678R5.6.7.8:9/sdb1_a_b",
            {
                "id": 74,
                "region": 4,
                "zone": 1,
                "ip": "1.2.3.4",
                "port": 5678,
                "replication_ip": "5.6.7.8",
                "replication_port": 9,
                "device": "sdb1",
                "meta": "a_b",
            },
        ),
    ],
)
def test_search_values(text, expected):
    assert parse_search(text) == Criteria(**expected)


@pytest.mark.parametrize(
    "text", ["", "-", "d", "x1", "z1z2", "1.2.3.4.5", "z1 ", "R", "r1d1"]
)
def test_bad_search_values(text):
    with pytest.raises(Refused):
        parse_search(text)


def test_meta_is_searched_and_the_rest_is_equal():
    one = Device(3, 1, 2, "10.0.0.1", 6200, "sdb", 10, meta="very shiny disk")
    assert parse_search("_shiny").matches(one)
    assert parse_search("d3r1z2-10.0.0.1:6200R10.0.0.1:6200/sdb_disk").matches(one)
    assert not parse_search("/sd").matches(one)
    assert not parse_search("d30").matches(one)
    assert Criteria(weight=10.0).matches(one)
    spelled = Device(4, 1, 2, "FE80:0::1", 6200, "sdb", 10)
    assert parse_search("[fe80::1]").matches(spelled)


def test_a_devices_own_notation_finds_it():
    one = Device(3, 1, 2, "::1", 6200, "sdb", 10, "m", "10.0.0.9", 6300)
    text = str(one).replace('"', "")
    assert text == "d3r1z2-[::1]:6200R10.0.0.9:6300/sdb_m"
    assert parse_search(text).matches(one)


def test_new_devices():
    one = parse_new_device("z1-node-Red.example:6200Rnode:6300/sdb1_rack 7", 100)
    assert (one.region, one.zone, one.ip) == (1, 1, "node-red.example")
    assert one.replication_address == ("node", 6300)
    assert (one.device, one.meta, one.weight) == ("sdb1", "rack 7", 100)
    two = parse_new_device("r3z1-[2001:DB8::0]:6200/sdb1", 1)
    assert (two.region, two.ip, two.replication_ip) == (3, "2001:db8::", "2001:db8::")


@pytest.mark.parametrize(
    "text",
    [
        "z1-10.0.0.1/sdb",
        "10.0.0.1:6200/sdb",
        "z1-10.0.0.1:6200",
        "z1-10.0.0.300:1/a",
        "z1-10.0.0.1:99999/sdb",
        "z1-10.0.0.1:6200/",
        "z1-10.0.0.1:x/sdb",
        "d1z1-h:1/a",
    ],
)
def test_bad_new_devices(text):
    with pytest.raises(Refused):
        parse_new_device(text, 1)


def test_changes_touch_only_what_they_name():
    one = Device(3, 1, 2, "10.0.0.1", 6200, "sdb", 10, "old")
    assert apply_change(one, parse_change("_new")).meta == "new"
    changed = apply_change(one, parse_change("10.0.0.2:6201R10.1.0.2/sdc"))
    assert (changed.ip, changed.port, changed.device) == ("10.0.0.2", 6201, "sdc")
    assert changed.replication_address == ("10.1.0.2", 6200)
    assert changed.meta == "old"
    for text in ("", "d3", "z1"):
        with pytest.raises(Refused):
            parse_change(text)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("Host.Example", "host.example"),
    ],
)
def test_addresses_have_one_form(given, expected):
    assert normalize_address(given) == expected


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4.5", "a b", "-a", "a_b", "x" * 300]
)
def test_what_is_not_an_address(text):
    with pytest.raises(Refused):
        normalize_address(text)
