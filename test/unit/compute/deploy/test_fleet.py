"""All hosts at once, in the inventory's order."""

from __future__ import annotations

from threading import Event

from compute.deploy.fleet import Fleet
from compute.deploy.model import Host
from compute.deploy.transport import Refused
from test.unit.compute.deploy.inventories import inventory

SECONDS_MAX = 30.0


def test_who_is_done_first_does_not_come_first() -> None:
    """Which control host starts first must not be a matter of chance."""
    hosts = inventory().hosts
    slowest = hosts[0]
    others = {host: Event() for host in hosts[1:]}

    def act(host: Host) -> str:
        if host is slowest:
            assert all(each.wait(SECONDS_MAX) for each in others.values())
        else:
            others[host].set()
        return host.name

    done, _ = Fleet().each(hosts, act)
    assert list(done) == list(hosts)


def test_who_refuses_is_told_in_order_too() -> None:
    hosts = inventory().hosts

    def act(host: Host) -> None:
        raise Refused(host.name)

    done, refused = Fleet().each(hosts, act)
    assert not done and list(refused.items()) == [(it, it.name) for it in hosts]
