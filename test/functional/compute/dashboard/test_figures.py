"""How a server has fared, as curves; and an alarm about it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.surfer import DESK, PHONE, Surfer

MINUTES = 30
SECONDS = 60.0


def told(shown: Shown, ann: Any, server_id: str) -> None:
    """What an agent would have told in half an hour."""
    now = int(time.time()) // 60 * 60
    moments = [now - 60 * minute for minute in reversed(range(MINUTES))]

    def post(path: str, body: Any) -> Any:
        reply = shown.cloud.http("POST", path, body, token=ann.auth_token)
        assert reply.status < 300, reply
        return reply.body

    growing = {
        "cpu": 20e9,
        "network.incoming.bytes": 9e6,
        "disk.device.read.bytes": 3e5,
    }
    owners = {
        "instance": (server_id, ("cpu", "memory.usage")),
        "instance_network_interface": (
            f"{server_id}-card",
            ("network.incoming.bytes",),
        ),
        "instance_disk": (f"{server_id}-vda", ("disk.device.read.bytes",)),
    }
    for kind, (place, names) in owners.items():
        part = {} if kind == "instance" else {"instance_id": server_id, "name": "x"}
        metrics = {name: {"archive_policy_name": "guests-rate"} for name in names}
        body = {"id": place, "metrics": metrics, **part}
        made = post(f"/metric/v1/resource/{kind}", body)
        for name in names:
            step = growing.get(name, 0.0)
            measures = [
                {
                    "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
                    "value": 64.0 + step * count * (1 + (count % 7) / 7),
                }
                for count, at in enumerate(moments)
            ]
            post(f"/metric/v1/metric/{made['metrics'][name]}/measures", measures)


def test_a_server_has_figures_and_an_alarm(
    shown: Shown, ann: Any, surfer: Surfer
) -> None:
    servers = []
    for name in ("older", "measured"):
        server = ann.compute.create_server(
            name=name, image_id=ann.image.find_image("tiny").id,
            flavor_id=ann.compute.find_flavor("m1.small").id, networks="auto",
        )  # fmt: skip
        servers.append(ann.compute.wait_for_server(server))
    told(shown, ann, server.id)
    surfer.sign_in("ann", PASSWORD)
    newest = "document.querySelector('#newest tbody a').innerText"
    assert surfer.evaluate(newest) == "measured"
    surfer.go(f"/servers/{server.id}")
    surfer.click("Figures")
    assert surfer.until("document.querySelectorAll('svg.chart').length === 4", 1)
    for key in ("cpu", "memory", "network", "disks"):
        path = surfer.evaluate(
            f"document.querySelector('#{key} path.curve').getAttribute('d')"
        )
        assert len(re.findall("L", path)) > MINUTES // 2, key
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        surfer.look(size, scheme)
        assert not surfer.faults()
    surfer.click("A day")
    assert "Figures: a day" in surfer.text
    surfer.click("Make an alarm")
    surfer.fill(name="hot <b>", threshold="10")
    surfer.send()
    assert "processors above 10 % of one" in surfer.text and not surfer.faults()
    surfer.click("Switch off")
    assert "switched off" in surfer.text
    surfer.click("Alarms", within=".trail")
    assert "hot <b>" in surfer.text and not surfer.faults()
    surfer.click("Delete", leaves=False)
    surfer.say_yes()
    assert "No alarms yet" in surfer.text
    for each in servers:  # others look whether ann has any
        ann.compute.delete_server(each.id)
        ann.compute.wait_for_delete(each)
