"""The worst day: a living cluster, and a site that is lost, old, or another's."""

from __future__ import annotations

import base64
from typing import Any

from compute.deploy.belonging import strangeness
from compute.deploy.wish import HostWishes, wish_for
from test.unit.compute.deploy.inventories import PAPERS, SECRETS, Sections, inventory
from test.unit.compute.deploy.test_plan import RINGS, bare, deployed, wishes

RING = "/etc/ringstack/object.ring.gz"
CLUSTER = "/etc/ringstack/cluster.conf"


def living(wish: HostWishes, version: int = 7) -> dict[str, Any]:
    """A host of a cluster that keeps data."""
    found = deployed(wish)
    found["files"][RING] |= {"ring_version": version, "text": None}
    return found


def remarks(wish: HostWishes, found: dict[str, Any], **drawn: int) -> list[str]:
    return list(strangeness(wish, found, drawn))


def test_a_bare_host_and_one_of_ours_are_welcome() -> None:
    assert remarks(wishes("alpha"), bare(wishes("alpha"))) == []
    assert remarks(wishes("alpha"), living(wishes("alpha")), object=7) == []
    # Killed between drawing a ring and bringing it.
    assert remarks(wishes("alpha"), living(wishes("alpha")), object=9) == []


def test_a_lost_builder_is_not_drawn_anew_over_data() -> None:
    (text,) = remarks(wishes("alpha"), living(wishes("alpha")))
    assert "has the ring object, whose builder the site lacks" in text


def test_an_old_copy_of_the_site_does_not_bring_old_rings() -> None:
    (text,) = remarks(wishes("alpha"), living(wishes("alpha")), object=6)
    assert "has version 7 of the ring object, the site version 6" in text


def test_lost_secrets_are_not_made_anew_over_data() -> None:
    found = living(wishes("alpha"))
    old = wishes("alpha").files[CLUSTER].content.replace(b"suffix\n", b"lost one\n")
    found["files"][CLUSTER]["text"] = base64.b64encode(old).decode()
    (text,) = remarks(wishes("alpha"), found, object=7)
    assert "another hash_suffix" in text
    assert "lost one" not in text


def test_two_hosts_whose_addresses_are_swapped_are_noticed() -> None:
    (text,) = remarks(wishes("alpha"), living(wishes("beta")), object=7)
    assert text.startswith("is beta, by its /etc/ringstack/host: ")


def test_disks_with_data_are_not_begun_with() -> None:
    """As when every system disk was set up anew, and the site is gone."""
    found = bare(wishes("alpha"))
    found["devices"]["/srv/node/d1"] = {"holds": "rows"}
    found["devices"].pop("/srv/node/d2")
    (text,) = remarks(wishes("alpha"), found)
    assert text.startswith("/srv/node/d1 holds rows, and the site has no rings: ")
    assert remarks(wishes("alpha"), found, object=1) == []


def test_policies_stay_where_they_are() -> None:
    def wish(policies: str) -> HostWishes:
        changes: Sections = {"store": {"policies": policies}}
        found = inventory(changes)
        return wish_for(found, found.hosts[0], SECRETS, RINGS, "1-a", PAPERS)

    before = living(wish("gold, silver"))
    assert remarks(wish("gold, silver, tin"), before, object=7) == []
    assert remarks(wish("gold, bronze"), before, object=7) == []
    (text,) = remarks(wish("gold"), before, object=7)
    assert "'silver' at 1: it cannot be taken away" in text
    assert len(remarks(wish("silver, gold"), before, object=7)) == 2
