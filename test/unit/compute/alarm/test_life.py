"""Alarms from their making to their end: evaluation, history, crashes, processes."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from compute.alarm.model import MOVES, STATES
from test.unit.compute.alarm.house import OTHER, RULE, SIGNAL, House

LEAF = {**RULE, "type": "gnocchi_resources_threshold"}
VALUES = {"ok": [10.0], "alarm": [99.0], "insufficient data": []}


def test_an_alarm_fires_once_for_each_transition(house: House) -> None:
    alarm = house.create(alarm_actions=[SIGNAL], severity="critical")
    assert (alarm["state"], alarm["enabled"]) == ("insufficient data", True)
    house.evaluate(10.0)
    assert house.deliver() == 0
    for _ in range(3):
        house.evaluate(99.4)
    assert house.deliver() == 1
    path, token, news = house.stacks.told[0]
    assert path.startswith("POST /v1/aaaa")
    assert path.endswith("signature=" + "0" * 64)
    assert token == ""
    assert news == {
        "alarm_id": alarm["alarm_id"],
        "alarm_name": "hot",
        "severity": "critical",
        "previous": "ok",
        "current": "alarm",
        "reason": "Transition to alarm due to 1 samples outside threshold,"
        " most recent: 99.4",
        "reason_data": {
            "type": "threshold",
            "disposition": "outside",
            "count": 1,
            "most_recent": 99.4,
        },
    }
    shown = house.show(alarm)
    assert shown["state"] == "alarm"
    assert shown["state_reason"].startswith("Remaining as alarm")
    kinds = [each["type"] for each in house.history(alarm)]
    assert kinds == ["creation", "state transition", "state transition"]


def test_actions_are_repeated_where_that_is_wanted(house: House) -> None:
    house.create(alarm_actions=[SIGNAL], repeat_actions=True)
    for _ in range(3):
        house.evaluate(99.0)
        assert house.deliver() == 1
    assert [each[2]["previous"] for each in house.stacks.told] == [
        "insufficient data",
        "alarm",
        "alarm",
    ]
    assert house.stacks.told[1][2]["reason"].startswith("Remaining as alarm")


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
def test_every_move(house: House, before: str, after: str) -> None:
    alarm = house.create(
        state=before,
        ok_actions=["log://ok"],
        alarm_actions=["log://alarm"],
        insufficient_data_actions=["log://none"],
        roles="admin",
    )
    house.evaluate(*VALUES[after])
    assert house.show(alarm)["state"] == after
    assert house.deliver() == (1 if after in MOVES[before] else 0)


def test_what_is_not_looked_at(house: House) -> None:
    off = house.create("off", enabled=False)
    never = {"name": "n", "start": "0 0 1 1 *", "duration": "1", "timezone": "UTC"}
    later = house.create("later", time_constraints=[never])
    house.evaluate(99.0)
    assert house.show(off)["state"] == house.show(later)["state"] == "insufficient data"
    assert house.measures.asked == []


def test_silence_of_the_metric_room_is_no_news(house: House) -> None:
    alarm = house.create(state="ok", insufficient_data_actions=[SIGNAL])
    house.measures.away = True
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "ok"
    house.measures.away = False
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "alarm"


def test_a_composite(house: House) -> None:
    rule = {"or": [LEAF, {"and": [{**LEAF, "metric": "a"}, {**LEAF, "metric": "b"}]}]}
    alarm = house.create(type="composite", composite_rule=rule)
    house.measures.by_metric["a"] = [99.0]
    house.evaluate(1.0, metric="b")
    assert house.show(alarm)["state"] == "insufficient data"
    house.evaluate(99.0, metric="b")
    assert house.show(alarm)["state"] == "alarm"
    assert "(rule1 or (rule2 and rule3))" in house.show(alarm)["state_reason"]


def test_a_change_says_what_it_changed(house: House) -> None:
    alarm = house.create()
    path = f"/alarms/{alarm['alarm_id']}"
    rule = {**RULE, "threshold": "70"}
    body = {**alarm, "gnocchi_resources_threshold_rule": rule, "severity": "moderate"}
    got = house.call("PUT", path, body)
    assert got.status == 200, got.body
    assert got.json["gnocchi_resources_threshold_rule"]["threshold"] == 70.0
    changed = orjson.loads(house.history(alarm)[-1]["detail"])
    assert set(changed) == {"severity", "gnocchi_resources_threshold_rule"}
    event = {key: value for key, value in body.items() if not key.endswith("_rule")}
    got = house.call("PUT", path, {**event, "type": "event"})
    assert got.json["event_rule"] == {"event_type": "*", "query": []}
    assert house.call("DELETE", path).status == 204
    assert house.call("GET", path).status == 404
    assert house.history(alarm)[-1]["type"] == "deletion"


def test_states_by_hand_do_nothing(house: House) -> None:
    alarm = house.create(alarm_actions=[SIGNAL])
    path = f"/alarms/{alarm['alarm_id']}/state"
    got = house.call("PUT", path, "alarm")
    assert (got.status, got.json) == (200, "alarm")
    assert house.call("GET", path).json == "alarm"
    assert house.owed() == []
    for wrong in ("ALARM", "", None, {"state": "ok"}, ["ok"]):
        assert house.call("PUT", path, wrong).status == 400


def test_others_see_nothing(house: House) -> None:
    alarm = house.create(alarm_actions=[SIGNAL])
    path = f"/alarms/{alarm['alarm_id']}"
    for method, way, body in (
        ("GET", path, None),
        ("PUT", path, alarm),
        ("DELETE", path, None),
        ("GET", f"{path}/state", None),
        ("PUT", f"{path}/state", "ok"),
        ("GET", f"{path}/history", None),
    ):
        assert house.call(method, way, body, project=OTHER).status == 404, way
    rich = {"filter": orjson.dumps({"=": {"alarm_id": alarm["alarm_id"]}}).decode()}
    for method, way, content in (
        ("GET", "/alarms", None),
        ("GET", "/alarms?q.field=project_id&q.value=" + "aa" * 16, None),
        ("POST", "/query/alarms", rich),
        ("POST", "/query/alarms/history", rich),
    ):
        got = house.call(method, way, content, project=OTHER)
        assert (got.status, got.json) == (200, []), way
    everything = "/alarms?q.field=all_projects&q.value=true"
    assert house.call("GET", everything, project=OTHER).status == 403
    assert len(house.call("GET", everything, project=OTHER, roles="admin").json) == 1
    assert house.call("DELETE", path, roles="reader").status == 403
    assert house.call("POST", "/alarms", alarm, roles="reader").status == 403


def test_quotas(house: House) -> None:
    quota: dict[str, Any] = {"quotas": [{"resource": "alarms", "limit": 1}]}
    body = {"project_id": "aa" * 16, **quota}
    assert house.call("POST", "/quotas", body).status == 403
    assert house.call("POST", "/quotas", body, roles="admin").json == body
    house.create()
    assert house.create("more", 403)["error_message"]["faultstring"]
    assert house.call("GET", "/quotas").json == body
    other = f"/quotas?project_id={OTHER}"
    assert house.call("GET", other).status == 403
    assert house.call("GET", other, roles="admin").json["quotas"][0]["limit"] == 100
    mine = f"/quotas/{'aa' * 16}"
    assert house.call("DELETE", mine, roles="admin").status == 204
    assert house.call("DELETE", mine, roles="admin").status == 404
    house.create("more")
    for wrong in (-2, True, 1.5, "1", 2**31):
        quota["quotas"][0]["limit"] = wrong
        assert house.call("POST", "/quotas", body, roles="admin").status == 400


def test_what_the_api_is(house: House) -> None:
    with house.caller.request("GET", "/") as answer:
        assert answer.json()["versions"]["values"][0]["id"] == "v2"
    found = house.call("GET", "/capabilities/").json
    assert found["api"]["alarms:query:complex"] is True
    for kind in ("prometheus", "threshold", "loadbalancer_member_health", "nothing"):
        house.create(type=kind, status=400)
    house.create(name="", status=400)
    house.create(colour="red", status=400)
    house.create(composite_rule={"or": [LEAF, LEAF]}, status=400)
    house.create(project_id=OTHER, status=403)
    other = house.create(project_id=OTHER, user_id="u9", roles="admin")
    assert (other["project_id"], other["user_id"]) == (OTHER, "u9")
