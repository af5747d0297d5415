"""Which leases are dropped before dnsmasq starts."""

from __future__ import annotations

from compute.network.agent.host.leases import kept_leases

HOSTS = (
    "fa:16:3e:00:00:01,one,10.0.0.1\n"
    "fa:16:3e:00:00:01,one,[fd00::1]\n"
    "fa:16:3e:00:00:02,set:port-2,two,10.0.0.2\n"
    "fa:16:3e:00:00:03,three\n"
)
ONE = "1795348090 fa:16:3e:00:00:01 10.0.0.1 one 01:fa:16:3e:00:00:01\n"
SIX = "1795348090 1234 fd00::1 one 00:01:00:01\n"
DUID = "duid 00:01:00:01:2e:00\n"


def test_leases_of_todays_ports_stay() -> None:
    assert kept_leases(ONE + DUID + SIX, HOSTS, "") == ONE + DUID + SIX


def test_a_lease_of_nobody_goes() -> None:
    gone = "1795348090 fa:16:3e:00:00:09 10.0.0.9 * *\n"
    assert kept_leases(ONE + gone, HOSTS, HOSTS) == ONE


def test_an_address_of_another_now() -> None:
    other = ONE.replace(":01 ", ":07 ", 1)
    assert kept_leases(other, HOSTS, "") == ""
    before = HOSTS.replace("00:00:01", "00:00:07")
    assert kept_leases(DUID + SIX, HOSTS, before) == DUID


def test_ports_without_names_keep_theirs() -> None:
    hosts = HOSTS.replace(",one", "").replace(",two", "").replace(",three", "")
    leases = ONE.replace(" one ", " * ") + DUID + SIX.replace(" one ", " * ")
    assert kept_leases(leases, hosts, "") == leases
    assert kept_leases(leases, hosts, hosts) == leases
