"""What a host does with texts that haproxy refuses, and with none at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from compute.balancer.agent import key_files
from compute.balancer.agent.datagram_serving import DatagramOutcome, DatagramServing
from compute.balancer.agent.haproxy_serving import REFUSED_SECONDS, HaproxyServing
from compute.balancer.agent.key_files import KeyFiles
from compute.balancer.agent.probers import Probers
from compute.balancer.agent.processes import HaproxyProcesses, Process, Refused
from compute.balancer.agent.serving import HostServing
from compute.balancer.view import Served
from test.fakes.stepped_clock import SteppedClock

WANTED = Served("b", 4, "10.0.0.1", "nonsense\n")


class FussyProcesses(HaproxyProcesses):
    """A host with a place for everything, whose haproxy likes nothing."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "nobody", "nogroup")
        self.tried: list[str] = []

    def has_namespace(self, balancer_id: str) -> bool:
        return True

    def start(
        self,
        balancer_id: str,
        configuration: str,
        before: list[Process],
        files: Mapping[str, str],
    ) -> None:
        self.tried.append(configuration)
        raise Refused("line 1: unknown keyword")


def test_what_is_refused_is_not_tried_at_every_look(tmp_path: Path) -> None:
    processes, clock = FussyProcesses(tmp_path), SteppedClock()
    serving = HaproxyServing(processes, clock)
    told = [serving.serve([WANTED], {})["b"].refused for _ in range(5)]
    assert told == ["line 1: unknown keyword"] * 5
    assert len(processes.tried) == 1
    clock.advance(REFUSED_SECONDS)
    serving.serve([WANTED], {})
    assert len(processes.tried) == 2


def test_another_text_and_another_generation_are_tried_at_once(tmp_path: Path) -> None:
    processes, clock = FussyProcesses(tmp_path), SteppedClock()
    serving = HaproxyServing(processes, clock)
    serving.serve([WANTED], {})
    serving.serve([replace(WANTED, configuration="other\n")], {})
    assert processes.tried == ["nonsense\n", "other\n"]
    serving.serve([replace(WANTED, generation=5)], {})
    serving.serve([], {})
    serving.serve([replace(WANTED, generation=5)], {})
    assert len(processes.tried) == 4


def test_datagrams_do_not_wait_for_keys(tmp_path: Path) -> None:
    class Counted(DatagramServing):
        served = 0

        def serve(self, wanted: Served, states: Mapping[str, str]) -> DatagramOutcome:
            self.served += 1
            return DatagramOutcome()

    haproxy = HaproxyServing(FussyProcesses(tmp_path), SteppedClock())
    datagrams = Counted()
    serving = HostServing(haproxy, datagrams, Probers("nobody", "nogroup"))
    outcome = serving.serve([replace(WANTED, has_keys=True)], {})["b"]
    assert outcome.lacks_keys and outcome.is_waiting
    assert datagrams.served == 1


def test_no_key_stays_where_nothing_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_files, "PLACES", (tmp_path / "memory",))
    left = KeyFiles(tmp_path).directory("b")
    left.mkdir(parents=True)
    HaproxyServing(FussyProcesses(tmp_path), SteppedClock()).serve([], {})
    assert not left.parent.exists()


def test_nothing_is_ended_while_nobody_can_say_what_to_serve(tmp_path: Path) -> None:
    processes = FussyProcesses(tmp_path)
    serving = HaproxyServing(processes, SteppedClock())
    files = tmp_path / "haproxy" / "b"
    files.mkdir(parents=True)
    outcome = serving.serve([replace(WANTED, configuration="", problem="no sense")], {})
    assert outcome["b"].refused == "no sense"
    assert files.exists()
    assert processes.tried == []
