"""Several processes evaluate alarms: one fires, whoever dies is followed."""

from __future__ import annotations

from compute.alarm.evaluator import CLAIM_SECONDS, Evaluator
from test.unit.compute.alarm.house import SIGNAL, House


def test_of_two_processes_one_fires(house: House) -> None:
    house.create(alarm_actions=[SIGNAL], repeat_actions=True)
    house.measures.by_metric["cpu"] = [99.0]
    there = house.process("there")
    first, second = (Evaluator(each, house.measures) for each in (house.parts, there))
    claimed = house.database.run(lambda connection: first.claim(connection, 5))
    assert house.database.run(lambda connection: second.claim(connection, 5)) == []
    # The first is slow: its claim runs out, the second does it, the first comes back.
    house.clock.advance(CLAIM_SECONDS + 1.0)
    second.step()
    first.evaluate(claimed[0])
    assert house.owed() == ["act"]


def test_a_process_that_dies_is_followed(house: House) -> None:
    alarm = house.create(alarm_actions=[SIGNAL])
    dying = Evaluator(house.process("there"), house.measures)
    house.database.run(lambda connection: dying.claim(connection, 5))
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "insufficient data"
    house.clock.advance(CLAIM_SECONDS)
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "alarm"
    # Dead between the answer and its record: told again, by whoever comes.
    claimed = house.parts.run(
        lambda connection: house.parts.stores.jobs.claim(
            connection, "alarm", "dead", house.parts.now(), limit=5
        )
    )
    assert len(claimed) == 1
    assert house.deliver() == 0
    house.clock.advance(60.0)
    assert house.deliver() == 1
    assert house.owed() == []


def test_what_changed_meanwhile_is_not_overwritten(house: House) -> None:
    alarm = house.create(alarm_actions=[SIGNAL])
    house.measures.by_metric["cpu"] = [99.0]
    evaluator = Evaluator(house.parts, house.measures)
    claimed = house.database.run(lambda connection: evaluator.claim(connection, 5))
    house.call("PUT", f"/alarms/{alarm['alarm_id']}/state", "ok")
    evaluator.evaluate(claimed[0])
    assert house.show(alarm)["state"] == "ok"
    assert house.owed() == []


def test_who_comes_back_begins_at_once(house: House) -> None:
    alarm = house.create()
    dead = Evaluator(house.parts, house.measures)
    claimed = house.database.run(lambda connection: dead.claim(connection, 5))
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "alarm"
    dead.evaluate(claimed[0])
    kinds = [each["type"] for each in house.history(alarm)]
    assert kinds == ["creation", "state transition"]


def test_a_clock_that_is_set_back_stops_no_evaluation(house: House) -> None:
    alarm = house.create()
    house.evaluate(1.0)
    house.clock.advance(-86400.0)
    house.evaluate(99.0)
    assert house.show(alarm)["state"] == "alarm"
