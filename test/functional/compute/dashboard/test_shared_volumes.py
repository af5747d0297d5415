"""A volume that two servers have, and an address that has a name: by pages alone."""

from __future__ import annotations

from typing import Any

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.harness.store import wait_for

SECONDS = 30


@pytest.fixture(scope="module")
def zoe(shown: Shown) -> Any:
    return shown.person("zoe", "admin")


def test_two_servers_share_a_volume(zoe: Any, surfer: Surfer) -> None:
    image = zoe.image.find_image("tiny").id
    flavor = zoe.compute.find_flavor("m1.small").id
    servers = [
        zoe.compute.create_server(
            name=name, image_id=image, flavor_id=flavor, networks="none"
        )
        for name in ("left", "right")
    ]
    for server in servers:
        zoe.compute.wait_for_server(server)
    surfer.sign_in("zoe", PASSWORD)
    surfer.go("/volume-types/new")
    surfer.fill(name="of-all")
    surfer.choose("shared", "Several servers")
    surfer.send()
    assert "multiattach=<is> True" in surfer.text
    made = zoe.block_storage.create_volume(size=1, name="ours", volume_type="of-all")
    zoe.block_storage.wait_for_status(made, "available")

    surfer.go(f"/volumes/{made.id}/attach")
    surfer.choose("server", "left")
    surfer.send()
    in_use = "document.querySelector('#badges').innerText.includes('in-use')"
    assert surfer.until(in_use, SECONDS)
    # What somebody has cannot grow under him, and others may still have it.
    assert "Attach\u2026" in surfer.text and "Extend\u2026" not in surfer.text
    right = servers[1].id
    surfer.go(f"/servers/{right}/volumes/attach")
    surfer.choose("volume", "ours")
    surfer.send()
    ours = "document.querySelector('#volumes').innerText.includes('in-use')"
    assert surfer.until(ours, SECONDS)
    # It has been in use by the left one all along.
    volume = zoe.block_storage.get_volume
    wait_for(lambda: len(volume(made.id).attachments) == 2, "both to have it")
    surfer.go(f"/volumes/{made.id}")
    assert "left" in surfer.text and "right" in surfer.text and not surfer.faults()


def test_an_address_has_a_name(zoe: Any, surfer: Surfer) -> None:
    surfer.sign_in("zoe", PASSWORD)
    surfer.go("/addresses/new")
    surfer.choose("network", "public")
    surfer.fill(name="www")
    surfer.send()
    assert "With its domain" in surfer.text
    surfer.complaints.clear()
    surfer.fill(name="www.example.org")
    surfer.send()
    [address] = zoe.network.ips(project_id=zoe.current_project_id)
    assert (address.dns_name, address.dns_domain) == ("www", "example.org.")
    assert "www.example.org" in surfer.text and not surfer.faults()
    surfer.go(f"/addresses/{address.id}/edit")
    surfer.fill(name="", description="nobody's")
    surfer.send()
    assert "www.example.org" not in surfer.text and "nobody's" in surfer.text
    assert not zoe.network.get_ip(address.id).dns_name
