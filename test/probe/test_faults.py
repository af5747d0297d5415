"""Each fault alone, under a running load: nothing acknowledged is lost, nothing
wrong is read, and every replica is right again soon."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.probe import faults
from test.probe.faults import Fault
from test.probe.probe import FAULTS_SHOWN, Probe

SEED = 7


@pytest.mark.parametrize(
    "fault",
    [
        faults.kill,
        faults.pause,
        faults.wipe,
        faults.corrupt,
        faults.fill,
        faults.add_node,
        faults.drain_node,
    ],
)
def test_nothing_is_lost(tmp_path: Path, fault: Fault) -> None:
    if fault is faults.fill and not faults.may_mount(tmp_path):
        pytest.skip("mounting a small file system is not permitted here")
    probe = Probe(tmp_path, SEED)
    report = probe.run([fault])
    print(report)
    words = probe.store.last_words()
    assert not report.wrong[:FAULTS_SHOWN], words
    assert not report.lost[:FAULTS_SHOWN], words
    assert report.acknowledged
