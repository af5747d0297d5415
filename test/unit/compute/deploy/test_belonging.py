"""The worst day: a living cluster, and a site that is lost, old, or another's."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

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


def wish_of(policies: str) -> HostWishes:
    changes: Sections = {"store": {"policies": policies}}
    found = inventory(changes)
    return wish_for(found, found.hosts[0], SECRETS, RINGS, "1-a", PAPERS)


def test_policies_stay_where_they_are() -> None:
    before = living(wish_of("gold, silver"))
    assert remarks(wish_of("gold, silver, tin"), before, object=7) == []
    assert remarks(wish_of("gold, bronze"), before, object=7) == []
    (text,) = remarks(wish_of("gold"), before, object=7)
    assert "'silver' at 1: it cannot be taken away" in text
    assert len(remarks(wish_of("silver, gold"), before, object=7)) == 2


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "gold, cold:4+2",
            "gold, cold:3+3",
            "fragments of 4[+]2 for ever, not .* 3[+]3",
        ),
        ("gold, cold:4+2", "gold, cold", "fragments of 4[+]2 for ever, not copies"),
        (
            "gold, cold:4+2",
            "gold, old:3+3",
            "fragments of 4[+]2 for ever, not .* 3[+]3",
        ),
        # Rings of three either way: these would not tell.
        ("gold, cold", "gold, cold:2+1", "copies for ever, not fragments of 2[+]1"),
    ],
)
def test_policies_keep_objects_as_they_do(before: str, after: str, told: str) -> None:
    (text,) = remarks(wish_of(after), living(wish_of(before)), object=7)
    assert re.search(told, text)
    assert remarks(wish_of(before), living(wish_of(before)), object=7) == []
