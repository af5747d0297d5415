"""Facts are remembered for seconds, in bounded number, and forgotten on change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from objectstore.kernel.errors import Unavailable
from test.unit.proxy.cluster import IMPATIENT, Cluster


def info_calls(cluster: Cluster) -> int:
    return sum(
        faults.calls.count("info")
        for (kind, _), faults in cluster.directory.faults.items()
        if kind == "container"
    )


def test_remembered_for_seconds() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    facts = cluster.app.facts
    assert facts.container("a", "c") is not None
    before = info_calls(cluster)
    assert facts.container("a", "c") is not None
    assert info_calls(cluster) == before
    cluster.clock.ahead += 10
    assert facts.container("a", "c") is not None
    assert info_calls(cluster) == before + 2


def test_what_is_learnt_together_is_not_asked_for_together() -> None:
    cluster = Cluster()
    names = [f"c{number}" for number in range(12)]
    for name in names:
        cluster.make_container(f"/a/{name}")
    for name in names:
        assert cluster.app.facts.container("a", name) is not None
    asked = []
    for _ in range(9):
        before = info_calls(cluster)
        for name in names:
            cluster.app.facts.container("a", name)
        asked.append(info_calls(cluster) - before)
        cluster.clock.ahead += 0.4
    assert sum(count > 0 for count in asked) > 1, asked
    assert max(asked) < 2 * len(names), asked


def test_one_asks_for_all() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    facts = cluster.app.facts
    old = facts.container("a", "c")
    cluster.clock.ahead += 10
    for device in range(4):
        cluster.faults("container", device).down = True
    with pytest.raises(Unavailable):
        facts.container("a", "c")
    # Whoever comes right after it does not ask again, and has the old facts.
    assert facts.container("a", "c") is old


def test_absence_is_not_remembered() -> None:
    cluster = Cluster()
    other = cluster.another_proxy()
    assert other.facts.container("a", "c") is None
    assert other.facts.account("a") is None
    cluster.make_container("/a/c")
    assert other.facts.container("a", "c") is not None
    assert other.facts.account("a") is not None


def test_too_few_replicas_do_not_make_an_absence() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    other = cluster.another_proxy()
    for device in cluster.primaries("container", "/a/c"):
        cluster.faults("container", device).down = True
    # The handoff answers, and has never heard of it.
    with pytest.raises(Unavailable):
        other.facts.container("a", "c")
    assert cluster.ask("GET", "/a/c/o", app=other).status == 503


def test_changes_made_here_show_at_once() -> None:
    cluster = Cluster()
    cluster.make_container("/a/c")
    facts = cluster.app.facts
    assert facts.container("a", "c") is not None
    cluster.ask("POST", "/a/c", {"X-Container-Read": ".r:*"})
    info = facts.container("a", "c")
    assert info is not None
    assert info.metadata["X-Container-Read"] == ".r:*"
    cluster.ask("POST", "/a", {"X-Account-Meta-Quota": "1"})
    account = facts.account("a")
    assert account is not None
    assert account.metadata == {"X-Account-Meta-Quota": "1"}
    cluster.ask("DELETE", "/a/c")
    assert facts.container("a", "c") is None


def test_bounded() -> None:
    cluster = Cluster(settings=replace(IMPATIENT, facts_count=3))
    for number in range(5):
        cluster.make_container(f"/a/c{number}")
        assert cluster.app.facts.container("a", f"c{number}") is not None
    before = info_calls(cluster)
    for number in (4, 3, 2):
        cluster.app.facts.container("a", f"c{number}")
    assert info_calls(cluster) == before
    cluster.app.facts.container("a", "c0")
    assert info_calls(cluster) == before + 2
