"""Inventories: read strictly, all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compute.deploy.inventory import load_inventory
from compute.deploy.model import HostState, Part
from compute.deploy.settings_files import AlreadySet, store_conf
from objectstore.kernel.settings import BadSettings
from test.unit.compute.deploy.inventories import SECRETS, Sections, inventory


def test_hosts_have_what_their_sections_say() -> None:
    found = inventory({"host:beta": {"state": "drained", "ssh_port": "2222"}})
    beta = found.hosts[1]
    assert (beta.name, beta.address, beta.place) == ("beta", "10.0.0.2", (1, 2))
    assert beta.state is HostState.DRAINED
    assert (beta.ssh_user, beta.ssh_port) == ("root", 2222)
    assert [host.name for host in found.playing(Part.CONTROL)] == ["gamma"]
    assert [disk.weight for disk in beta.devices] == [100.0, 100.0]


def test_all_mistakes_are_told_together() -> None:
    wrong: Sections = {
        "cloud": {"user": "Root Of All", "public_url": "gopher://x"},
        "store": {"part_powr": "3", "devices": "/srv/../etc"},
        "host:alpha": {"address": "10.0.0.1; reboot"},
        "host:beta": {"devices": "../../etc 100"},
        "host:-x": {"address": "10.0.0.9", "roles": "proxy"},
        "hots:delta": {},
    }
    with pytest.raises(BadSettings) as caught:
        inventory(wrong)
    places = {(mistake.section, mistake.option) for mistake in caught.value.mistakes}
    assert places >= {
        ("cloud", "user"),
        ("cloud", "public_url"),
        ("store", "part_powr"),
        ("store", "devices"),
        ("host:alpha", "address"),
        ("host:beta", "devices"),
        ("host:-x", ""),
        ("hots:delta", ""),
    }


DRAINED: Sections = {
    "host:alpha": {"devices": "d1 100, d2 drained"},
    "host:beta": {"devices": "d1 100 drained, d2 100"},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"host:beta": {"address": "10.0.0.1"}}, "is that of alpha"),
        ({"host:beta": {"address": "beta.example.org"}}, "is no IP address"),
        ({"host:beta": {"address": "fe80::2%eth0"}}, "is no host's address"),
        ({"host:beta": {"roles": "control"}}, "only store nodes have devices"),
        ({"host:beta": {"devices": ""}}, "a store node needs one at least"),
        ({"host:beta": {"devices": "d1 heavy"}}, "heavy"),
        ({"host:beta": {"devices": "d1 1, d1 1"}}, "is there twice"),
        ({"host:beta": {"roles": "store, network"}}, "networks are made on compute"),
        ({"host:beta": {"roles": "store, control"}}, "need a database server"),
        ({"cloud": {"database": "mysql://10.0.0.9/x"}}, "no other driver"),
        ({"cloud": {"database": "postgresql://me@10.0.0.9/x"}}, "not be encrypted"),
        ({"cloud": {"database": "mysql+pymysql://10.0.0.9/x"}}, "not be encrypted"),
        ({"cloud.conf:cloud": {"bus": "amqps://10.0.0.9"}}, "nobody would check"),
        ({"cloud": {"public_url": "http://cloud:5000"}}, "must be https"),
        ({"cloud": {"certificate": "/etc/hostname"}}, "go together"),
        ({"cloud": {"public_url": "https://[x"}}, "public_url: is no"),
        ({"cloud": {"database": "postgresql://[x"}}, "database: is no URL"),
        ({"cloud.conf:cloud": {"bus": "amqp://[x"}}, "nobody would check"),
        ({"cloud": {"database": "postgresql+asyncpg://10.0.0.9/x"}}, "no other"),
        ({"store": {"replicas": "7"}}, "7 replicas need as many devices"),
        ({"host:beta": {"devices": "d1 100 drianed"}}, "drianed"),
        ({"store": {"replicas": "6"}, **DRAINED}, "4 stay, and 2 are drained"),
        ({"store": {"users": "nobody"}}, "is not ACCOUNT:NAME"),
        ({"host:gamma": {"hypervisor": "libvirt"}}, "need the role network"),
    ],
)
def test_what_cannot_work_is_refused(changes: Sections, words: str) -> None:
    with pytest.raises(BadSettings, match=words):
        inventory(changes)


def test_further_options_go_to_the_files_but_never_over_ours() -> None:
    found = inventory({"store.conf:replication": {"interval": "1 s"}})
    assert "[replication]\ninterval = 1 s\n" in store_conf(
        found, SECRETS, found.hosts[0]
    )
    found = inventory({"store.conf:server": {"devices": "/etc"}})
    with pytest.raises(AlreadySet, match="devices"):
        store_conf(found, SECRETS, found.hosts[0])


def test_the_sample_has_no_mistakes() -> None:
    found = load_inventory(Path(__file__).parents[4] / "etc" / "cloud.inventory")
    assert [host.name for host in found.hosts] == ["alpha", "beta", "gamma"]
