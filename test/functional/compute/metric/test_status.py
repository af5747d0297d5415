"""``/metrics`` of the cloud's process, and ``/metrics`` is not for everybody."""

from __future__ import annotations

import urllib.request

from prometheus_client.parser import text_string_to_metric_families

from test.functional.compute.house import RunningCloud
from test.grafana_dashboards import series as shown
from test.prometheus_rules import series


def test_what_prometheus_is_told(cloud: RunningCloud) -> None:
    cloud.openstack("flavor", "list")
    address = cloud.place.plan.sections["cloud"]["status_address"]
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
        page = answer.read().decode()
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    names = {name for name, *_ in found}
    assert "ringstack_request_seconds_bucket" in names
    labels = (("method", "GET"), ("server", "compute"), ("status", "200"))
    assert found["ringstack_requests_total", *labels, ("worker", "0")] >= 1
    rows = ("ringstack_rows", ("table", "metric_archive_policies"), ("worker", "0"))
    assert found[rows] >= 10
    agent = (("kind", "nova-compute"), ("state", "up"), ("worker", "0"))
    assert found["ringstack_agents", *agent] == 1
    failing = {it: value for it, value in found.items() if "loop_failing" in it[0]}
    assert len(failing) > 5 and not any(failing.values()), failing
    assert series("ringstack-cloud") <= names
    assert shown() & {"ringstack_agents", "ringstack_rows"} <= names
    tables = {dict(labels).get("table") for name, *labels in found}
    assert {"metric_pending", "metric_debris"} <= tables


def test_not_at_the_public_address(cloud: RunningCloud) -> None:
    assert cloud.http("GET", "/metrics").status == 404
