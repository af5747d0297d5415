"""Hosts' views change with what they show, and with nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa

from compute.core.context import RequestContext
from compute.core.identifiers import Identifiers
from compute.core.policy import Policy
from compute.network import tables
from compute.network.client import NewPort
from compute.network.frame.revisions import forget_oldest
from compute.network.frame.work import NetworkDatabase, Work
from compute.network.hosts.parts import Parts
from compute.network.hosts.views import write_view
from compute.network.policies import DEFAULTS
from compute.network.view import HostView
from compute.network.view_wire import decode_view
from test.unit.compute.network.any_change import HOSTS, Changes
from test.unit.compute.network.house import HOST, OWNER, House

STEPS = 25


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two processes of the room over one database."""
    first = House(tmp_path)
    yield first, House(tmp_path, database=first.database, seed=8)
    first.close()


class Anew:
    """Hosts' views, made of what is in the database and nothing that is kept."""

    def __init__(self, house: House) -> None:
        self._context = RequestContext("", roles=frozenset({"admin", "service"}))
        self._database = NetworkDatabase(
            house.database,
            bus=house.bus,
            clock=house.clock,
            identifiers=Identifiers(Random(1)),
            policy=Policy(DEFAULTS, {}),
            settings=house.settings,
        )

    def view(self, host: str) -> HostView:
        """Without a revision."""

        def work_on(work: Work) -> HostView:
            return write_view(work, host, Parts(are_kept=False)).view

        return self._database.read(self._context, work_on)


class Agents:
    """The hosts' agents: the views that they have, of whichever process they ask."""

    def __init__(self) -> None:
        self.views = {host: HostView(host, -1) for host in HOSTS}

    def ask(self, house: House, host: str) -> bool:
        """Whether there was a newer view."""
        content = house.client.host_view(host, self.views[host].revision)
        if content is not None:
            self.views[host] = decode_view(content)
        return content is not None


@pytest.mark.parametrize("seed", range(2))
def test_what_agents_have_is_what_is_so(houses: tuple[House, House], seed: int) -> None:
    random = Random(seed)
    agents, anew = Agents(), Anew(houses[0])
    for number, host in enumerate(HOSTS[:2], 1):
        houses[0].report(host, tunnels_end_at=f"192.0.2.{number}")
    changes = Changes(houses[0], random)
    changes.furnish()
    for step in range(STEPS):
        what = changes.one()
        for host in HOSTS:
            agents.ask(random.choice(houses), host)
            seen = dataclasses.replace(agents.views[host], revision=0)
            assert seen == anew.view(host), (seed, step, what, host)


def test_all_processes_come_to_the_same_revisions(
    houses: tuple[House, House],
) -> None:
    changes, agents = Changes(houses[0], Random(11)), Agents()
    changes.furnish()
    for host in HOSTS:
        assert agents.ask(houses[0], host)
        assert not agents.ask(houses[1], host)


def guest_on(house: House, host: str, cidr: str) -> str:
    """The network of a guest there."""
    network, _ = house.network(cidr)
    house.client.create_ports(OWNER, [NewPort(network["id"], host=host)])
    return str(network["id"])


def test_what_is_elsewhere_is_no_news(house: House) -> None:
    for number, host in enumerate(HOSTS, 1):
        house.report(host, tunnels_end_at=f"192.0.2.{number}")
    here, beside = (
        guest_on(house, h, f"10.{n}.0.0/24") for n, h in enumerate(HOSTS[:2])
    )
    agents = Agents()
    for host in HOSTS:
        agents.ask(house, host)
    house.change("network", beside, mtu=1300)
    assert [agents.ask(house, host) for host in HOSTS] == [False, True, False]
    house.change("network", here, mtu=1300)
    assert [agents.ask(house, host) for host in HOSTS] == [True, False, False]
    house.change("network", here, name="other")  # no host has a use for it
    assert not any(agents.ask(house, host) for host in HOSTS)


def test_a_process_that_says_not_what_it_changed(house: House) -> None:
    """One of the release before, while the control plane is upgraded."""
    network_id = guest_on(house, HOST, "10.1.0.0/24")
    agents = Agents()

    def change(mtu: int) -> None:
        def transaction(connection: sa.Connection) -> None:
            networks, counters = tables.networks, tables.counters
            connection.execute(
                networks.update().where(networks.c.id == network_id).values(mtu=mtu)
            )
            connection.execute(
                counters.update()
                .where(counters.c.name == "revision")
                .values(value=counters.c.value + 1)
            )

        house.database.run(transaction)

    def mtu() -> int:
        found = {each.id: each.mtu for each in agents.views[HOST].networks}
        return found[network_id]

    agents.ask(house, HOST)
    change(1200)
    assert agents.ask(house, HOST)
    assert mtu() == 1200
    assert not agents.ask(house, HOST)
    change(1100)
    house.network("10.7.0.0/24")  # of this release: it says what it knows
    assert agents.ask(house, HOST)
    assert mtu() == 1100
    assert not agents.ask(house, HOST)


def test_the_oldest_notes_are_forgotten(houses: tuple[House, House]) -> None:
    """Agents that were away since before are told the whole view."""
    first, second = houses
    at_home = guest_on(first, HOSTS[0], "10.1.0.0/24")
    agents, away = Agents(), Agents()
    for one in (agents, away):
        one.ask(first, HOSTS[0])
    first.change("network", at_home, mtu=1300)
    agents.ask(second, HOSTS[0])
    guest_on(first, HOSTS[1], "10.2.0.0/24")
    agents.ask(first, HOSTS[1])
    for number in range(3, 9):
        first.network(f"10.{number}.0.0/24")

    def forget(connection: sa.Connection) -> int:
        forget_oldest(connection, 9, 8)
        changes = tables.changes
        count = sa.select(sa.func.count()).select_from(changes)
        return int(connection.execute(count).scalar_one())

    assert first.database.run(forget) <= 9
    anew = Anew(first)
    for one, house in ((agents, second), (away, first)):
        assert one.ask(house, HOSTS[0])
        seen = dataclasses.replace(one.views[HOSTS[0]], revision=0)
        assert seen == anew.view(HOSTS[0])
        assert not one.ask(house, HOSTS[0])
    assert agents.views[HOSTS[0]].revision == away.views[HOSTS[0]].revision
    assert not first.database.run(forget) > 9  # nothing is left to forget
    first.change("network", at_home, mtu=1200)
    assert agents.ask(second, HOSTS[0])
