"""``openstack metric ...`` (gnocchiclient), unmodified."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from test.functional.compute.house import RunningCloud

pytest.importorskip("gnocchiclient")

SECONDS_MAX = 60.0
T0 = "2026-11-22T10:00:00+00:00"
MEASURES = ("2026-11-22T10:00:10", 4), ("2026-11-22T10:01:00", 6)


def measures() -> list[dict[str, Any]]:
    return [{"timestamp": moment, "value": value} for moment, value in MEASURES]


def until(ask: Callable[[], Any]) -> Any:
    """The first answer that is one."""
    ends = time.monotonic() + SECONDS_MAX
    while time.monotonic() < ends:
        found = ask()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{ask} took longer than {SECONDS_MAX:g} s")


def test_policies_metrics_and_measures(cloud: RunningCloud, tmp_path: Path) -> None:
    def metric(*arguments: str, **more: Any) -> Any:
        return cloud.openstack("metric", *arguments, **more)

    names = {each["name"] for each in metric("archive-policy", "list")}
    assert {"low", "medium", "high", "ceilometer-low-rate"} <= names
    definition = ("-d", "granularity:1m,points:60", "-d", "granularity:1h,timespan:7d")
    metric("archive-policy", "create", "mine", *definition, "-m", "mean", "-m", "max")
    assert metric("archive-policy", "show", "mine")["back_window"] == 0
    definition = ("-d", "granularity:1m,points:90", "-d", "granularity:1h,timespan:7d")
    metric("archive-policy", "update", "mine", *definition)
    rule = ("-a", "mine", "-m", "mine.*", "mine")
    metric("archive-policy-rule", "create", *rule)
    assert len(metric("archive-policy-rule", "list")) == 2

    made = metric("create", "mine.one", "--unit", "B")
    assert made["archive_policy/name"] == "mine"
    given = [f"-m{moment}Z@{value}" for moment, value in MEASURES]
    metric("measures", "add", made["id"], *given)
    shown = metric("measures", "show", made["id"], "--utc", "-f", "json")
    assert [(each["granularity"], each["value"]) for each in shown] == [
        (3600.0, 5.0),
        (60.0, 4.0),
        (60.0, 6.0),
    ]
    question = ("--aggregation", "max", "--granularity", "60", "--start", T0)
    shown = metric("measures", "show", made["id"], *question, "-f", "json")
    assert [each["value"] for each in shown] == [4.0, 6.0]
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({made["id"]: measures()}))
    metric("measures", "batch-metrics", str(batch))
    assert [each["id"] for each in metric("list")].count(made["id"]) == 1
    assert metric("show", made["id"])["unit"] == "B"

    metric("delete", made["id"])
    ended = cloud.run_openstack("metric", "show", made["id"], expected=1)
    assert "does not exist" in ended.errors
    metric("archive-policy-rule", "delete", "mine")
    metric("archive-policy", "delete", "mine")
    assert metric("status", "-f", "json")["metricd/processors"]
    assert "mean" in str(metric("capabilities", "list"))


def test_resources_and_aggregates(cloud: RunningCloud, tmp_path: Path) -> None:
    def metric(*arguments: str, **more: Any) -> Any:
        return cloud.openstack("metric", *arguments, **more)

    attributes = ("-a", "colour:string:true:max_length=10", "-a", "heat:number:false")
    metric("resource-type", "create", "oven", *attributes)
    for name, colour in (("one", "red"), ("two", "blue")):
        made = ("-a", f"colour:{colour}", "-a", "heat:5", "-n", "temperature:low")
        shown = metric("resource", "create", name, "-t", "oven", *made)
        assert shown["original_resource_id"] == name
    batch = tmp_path / "batch.json"
    each = {"temperature": measures(), "more": measures()}
    batch.write_text(json.dumps({"one": each, "two": each}))
    metric("measures", "batch-resources-metrics", "--create-metrics", str(batch))
    metric("resource", "update", "two", "-t", "oven", "-a", "heat:7", "-f", "json")
    history = metric("resource", "history", "two", "-t", "oven", "-f", "json")
    assert [each["heat"] for each in history] == [5.0, 7.0]
    query = "heat>6 and colour like 'bl%'"
    found = metric("resource", "search", query, "-t", "oven", "-f", "json")
    assert [each["colour"] for each in found] == ["blue"]
    assert len(metric("resource", "list", "-t", "oven", "--limit", "1")) == 1
    assert len(metric("resource", "list", "-t", "oven")) == 2

    total = "(aggregate sum (metric temperature mean))"
    search = ("heat>1", "--resource-type", "oven", "-f", "json")
    found = metric("aggregates", total, *search)
    assert [(each["name"], each["value"]) for each in found] == [("aggregated", 10.0)]
    found = metric("aggregates", total, *search, "--groupby", "colour")
    assert sorted(each["group"] for each in found) == ["colour: blue", "colour: red"]
    question = ("-m", "more", "--query", "colour='red'", "--resource-type", "oven")
    found = metric("measures", "aggregation", *question, "-f", "json")
    assert [each["value"] for each in found] == [5.0]
    shown = metric(
        "measures", "show", "more", "-r", "one", "--granularity", "300", "-f", "json"
    )
    assert [each["value"] for each in shown] == [5.0]

    query = ("-t", "oven", "heat>0", "-f", "json")
    assert metric("resource", "batch", "delete", *query) == {"deleted": 2}
    metric("resource-type", "update", "oven", "-r", "heat")
    metric("resource-type", "delete", "oven")
    shown = metric("resource", "list", "-t", "generic", "--sort", "id:asc")
    assert not {"one", "two"} & {each["original_resource_id"] for each in shown}


def test_a_guest_is_measured(cloud: RunningCloud, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"\0" * 4096)
    made = ("--file", str(image), "--disk-format", "raw", "--container-format", "bare")
    cloud.openstack("image", "create", *made, "tiny")
    flavor = ("--ram", "64", "--disk", "1", "--vcpus", "2", "tiny")
    cloud.openstack("flavor", "create", *flavor)
    order = ("--image", "tiny", "--flavor", "tiny", "--nic", "none", "measured")
    server = cloud.openstack("server", "create", *order, "--wait", "-f", "json")["id"]

    def resource() -> Any:
        show = ("metric", "resource", "show", "-t", "instance", server, "-f", "json")
        found = cloud.openstack(*show, expected=None)
        return found if isinstance(found, dict) else None

    shown = until(resource)
    assert shown["display_name"] == "measured"
    assert {"cpu", "memory", "memory.usage", "vcpus"} <= set(shown["metrics"])
    vcpus = ("metric", "measures", "show", "vcpus", "-r", server, "-f", "json")
    points = cloud.openstack(*vcpus)
    assert {each["value"] for each in points} == {2.0}
    sizes = ("metric", "resource", "list", "-t", "image", "-f", "json")
    assert [each["name"] for each in until(lambda: cloud.openstack(*sizes))] == ["tiny"]
    disks = ("metric", "resource", "list", "-t", "instance_disk", "-f", "json")
    assert [each["instance_id"] for each in cloud.openstack(*disks)] == [server]
    cloud.openstack("server", "delete", "--wait", server)
    until(lambda: resource()["ended_at"])
