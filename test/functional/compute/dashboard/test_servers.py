"""A server from its order to its end, in a browser, with and without scripts."""

from __future__ import annotations

from typing import Any

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD
from test.functional.compute.dashboard.surfer import DESK, PHONE, Surfer

BUILT_SECONDS = 60.0
BADGE = "document.querySelector('#badges').innerText"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_servers_life(ann: Any, surfer: Surfer, size: tuple[int, int]) -> None:
    surfer.look(size)
    surfer.sign_in("ann", PASSWORD)
    assert surfer.path == "/" and "Project ann" in surfer.text
    surfer.click("Launch a server")
    surfer.fill(name="web <b>1</b>", count="1")
    surfer.choose("image", "tiny")
    surfer.choose("flavor", "m1.small")
    surfer.choose("networks", "shared")
    assert not surfer.faults()
    surfer.send()
    server_id = surfer.path.rpartition("/")[2]
    assert "The server is being built." in surfer.text
    # The page looks again by itself.
    assert surfer.until(f"{BADGE}.includes('ACTIVE')", BUILT_SECONDS)
    assert ann.compute.get_server(server_id).status == "ACTIVE"
    assert surfer.evaluate("document.querySelector('h1').innerText") == "web <b>1</b>"
    assert not surfer.faults()

    surfer.click("Stop", leaves=False)
    assert "Stop web <b>1</b>?" in surfer.text
    surfer.say_yes()
    assert surfer.until(f"{BADGE}.includes('SHUTOFF')", BUILT_SECONDS)
    surfer.click("Start")
    assert surfer.until(f"{BADGE}.includes('ACTIVE')", BUILT_SECONDS)

    surfer.go("/servers")
    assert not surfer.faults()
    surfer.click("Delete", leaves=False)
    surfer.say_yes()
    assert surfer.until("document.body.innerText.includes('No servers yet')", 60)
    assert not list(ann.compute.servers())


def test_a_server_without_scripts(ann: Any, surfer: Surfer) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.without_scripts()
    surfer.go("/servers/new")
    surfer.without_scripts(False)  # for the test's own sake
    surfer.fill(name="plain", count="1")
    surfer.choose("image", "tiny")
    surfer.choose("flavor", "m1.small")
    surfer.without_scripts()
    surfer.send()
    server_id = surfer.path.rpartition("/")[2]
    server = ann.compute.wait_for_server(ann.compute.get_server(server_id))
    surfer.go(f"/servers/{server_id}")
    surfer.click("Stop")
    assert "Stop this server?" in surfer.text
    surfer.click("Yes, go on")
    assert "The server stops." in surfer.text
    surfer.click("Delete")
    surfer.click("Yes, go on")
    assert surfer.path == "/servers"
    ann.compute.wait_for_delete(server)


def test_what_a_form_lacks_is_told(ann: Any, surfer: Surfer) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/servers/new")
    surfer.fill(name="x")
    surfer.choose("flavor", "m1.small")
    surfer.choose("image", "No image")
    surfer.send()
    assert "Choose an image or a volume, not both." in surfer.text
    assert surfer.evaluate("document.querySelector('[name=name]').value") == "x"
    assert not surfer.faults()
    # The browser notes that the reply was 422.
    assert all("422" in each for each in surfer.complaints)
    surfer.complaints.clear()


def test_console_and_parts(ann: Any, surfer: Surfer) -> None:
    image = next(iter(ann.image.images(name="tiny")))
    flavor = ann.compute.find_flavor("m1.small")
    server = ann.compute.create_server(
        name="parts", image_id=image.id, flavor_id=flavor.id, networks="auto"
    )
    ann.compute.wait_for_server(server)
    volume = ann.block_storage.create_volume(size=1, name="data")
    ann.block_storage.wait_for_status(volume, "available")
    surfer.sign_in("ann", PASSWORD)
    surfer.go(f"/servers/{server.id}")
    surfer.click("Attach a volume")
    surfer.choose("volume", "data")
    surfer.send()
    attached = "document.querySelector('#volumes').innerText.includes('data')"
    assert surfer.until(attached, BUILT_SECONDS)
    surfer.click("Console")
    assert "Simulated guest" in surfer.text and not surfer.faults()
    surfer.click("Serial console")
    assert "token=" in surfer.text and "token=" not in surfer.path
    # Guests that are simulated have no line to talk over.
    assert surfer.until(
        "document.body.innerText.includes('does not answer')", BUILT_SECONDS
    )
    surfer.complaints.clear()
    surfer.click("parts", within=".trail")
    surfer.click("create", within="#history")
    assert "success" in surfer.text and not surfer.faults()
    surfer.go(f"/servers/{server.id}")
    surfer.click("Rename\u2026")
    surfer.fill(name="other name")
    surfer.send()
    assert surfer.evaluate("document.querySelector('h1').innerText") == "other name"
    ann.compute.delete_server(server.id)
    ann.compute.wait_for_delete(server)
    ann.block_storage.delete_volume(volume.id)
