"""``openstack alarm ...``, unmodified."""

from __future__ import annotations

import json

from test.functional.compute.house import RunningCloud

WEB = "https://203.0.113.7/hook"
LEAF = {
    "type": "gnocchi_resources_threshold",
    "metric": "cpu_util",
    "resource_type": "instance",
    "resource_id": "r",
    "aggregation_method": "mean",
    "threshold": 0.8,
}


def test_a_life_by_the_command(cloud: RunningCloud) -> None:
    constraint = "name=night;start=0 23 * * *;duration=10800;timezone=Europe/Berlin"
    made = cloud.openstack(
        *("alarm", "create", "--name", "hot", "-t", "gnocchi_resources_threshold"),
        *("--metric", "cpu_util", "--resource-type", "instance"),
        *("--resource-id", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
        *("--aggregation-method", "mean", "--granularity", "60"),
        *("--comparison-operator", "gt", "--threshold", "80"),
        *("--time-constraint", constraint, "--ok-action", "log://"),
        *("--enabled", "False"),
    )
    assert (made["state"], made["threshold"]) == ("insufficient data", 80.0)
    assert json.loads(made["time_constraints"])[0]["duration"] == 10800
    changed = cloud.openstack(
        *("alarm", "update", "hot", "--severity", "critical", "--threshold", "70"),
        *("-f", "json"),
    )
    assert (changed["severity"], changed["threshold"]) == ("critical", 70.0)
    cloud.openstack("alarm", "state", "set", "--state", "ok", "hot")
    state = cloud.openstack("alarm", "state", "get", "hot", "-f", "json")
    assert state == {"state": "ok"}
    history = cloud.openstack("alarm-history", "show", made["alarm_id"])
    assert {each["type"] for each in history} == {
        "creation",
        "rule change",
        "state transition",
    }
    mine = ("--query", f"alarm_id={made['alarm_id']}")
    found = cloud.openstack("alarm-history", "search", *mine, "-f", "json")
    assert len(found) == len(history)
    cloud.openstack("alarm", "delete", "hot")


def test_lists_by_the_command(cloud: RunningCloud) -> None:
    rule = json.dumps({"or": [LEAF, {"and": [LEAF, LEAF]}]})
    cloud.openstack(
        *("alarm", "create", "--name", "both", "-t", "composite"),
        *("--composite-rule", rule, "--enabled", "False"),
    )
    event = ("--event-type", "compute.instance.*", "--query", "traits.state=error")
    shown = cloud.openstack("alarm", "create", "--name", "e", "-t", "event", *event)
    assert shown["query"] == "traits.state = error"
    for question in (
        ("--filter", "type=composite"),
        ("--query", "type=composite and enabled=false"),
    ):
        found = cloud.openstack("alarm", "list", *question)
        assert [each["name"] for each in found] == ["both"]
    page = cloud.openstack("alarm", "list", "--sort", "name:asc", "--limit", "1")
    rest = cloud.openstack(
        "alarm", "list", "--sort", "name:asc", "--marker", page[0]["alarm_id"]
    )
    assert [page[0]["name"], rest[0]["name"]] == ["both", "e"]
    cloud.openstack("alarm", "delete", "both")
    cloud.openstack("alarm", "delete", "e")
    gone = cloud.run_openstack("alarm", "show", "both", expected=None)
    assert "not found" in gone.errors


def test_what_is_said_of_mistakes(cloud: RunningCloud) -> None:
    event = ("alarm", "create", "--name", "x", "-t", "event")
    inside = ("--alarm-action", "http://169.254.169.254/latest/meta-data")
    refused = cloud.run_openstack(*event, *inside, expected=None)
    assert refused.status != 0
    assert "address 169.254.169.254 is not allowed" in refused.errors
    wrong = cloud.run_openstack(*event, "--alarm-action", "ftp://x/", expected=None)
    assert "Unsupported action ftp" in wrong.errors


def test_quotas_and_capabilities_by_the_command(cloud: RunningCloud) -> None:
    assert cloud.openstack("alarm", "quota", "show") == {"alarms": 100}
    other = "ab" * 16
    cloud.openstack("alarm", "quota", "set", other, "--alarm", "7")
    shown = cloud.openstack("alarm", "quota", "show", "--project", other)
    assert shown == {"alarms": 7}
    found = cloud.openstack("alarming", "capabilities", "list", "-f", "json")
    assert found
