"""What people make and change in a browser, as the rooms have it afterwards."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.dashboard.conftest import GIB, PASSWORD, Shown
from test.functional.compute.dashboard.furnished import TEMPLATE
from test.functional.compute.dashboard.surfer import Surfer
from test.functional.compute.dashboard.visitor import Visitor

MEBIBYTE = 1 << 20
SECONDS = 60.0


def heading(surfer: Surfer) -> str:
    return str(surfer.evaluate("document.querySelector('h1').innerText"))


def test_an_image_goes_up_with_and_without_scripts(
    ann: Any, surfer: Surfer, tmp_path: Path
) -> None:
    disk = tmp_path / "disk <b>.qcow2"
    disk.write_bytes(empty_image(GIB))
    surfer.sign_in("ann", PASSWORD)
    for name, is_without in (("scripted", False), ("plain", True)):
        surfer.go("/images/new")
        surfer.fill(name=name)
        surfer.choose("format", "qcow2")
        surfer.files("file", disk)
        if is_without:
            # As the browser would send it by itself.
            script = "HTMLFormElement.prototype.submit.call(document.forms['form'])"
            surfer.leaving(lambda script=script: surfer.evaluate(script))
        else:
            surfer.send()
        assert heading(surfer) == name
        image = ann.image.find_image(name)
        assert image.status == "active" and image.size == disk.stat().st_size
    surfer.click("Edit\u2026")
    surfer.fill(name="renamed", min_disk="2")
    surfer.send()
    assert ann.image.find_image("renamed").min_disk == 2
    surfer.click("Delete", leaves=False)
    surfer.say_yes()
    assert ann.image.find_image("renamed") is None


def test_an_image_that_is_none_is_not_kept(ann: Any, shown: Shown) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("ann", PASSWORD)
    headers = {"X-CSRF-Token": visitor.csrf, "Origin": visitor.origin}
    path = "/images/new?name=bad&format=qcow2&visibility=private&file=a"
    seen = visitor.send("POST", path, b"no image at all", **headers)
    assert seen.status == 422 and "text" in seen.text
    assert ann.image.find_image("bad") is None


def test_objects_go_up_and_down_and_away(
    ann: Any, surfer: Surfer, tmp_path: Path
) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/objects/new")
    surfer.fill(name="photos \u2603")
    surfer.send()
    assert "Nothing in here yet." in surfer.text
    large, small = tmp_path / "large.bin", tmp_path / "\u2603 <i>.txt"
    large.write_bytes(b"0123456789abcdef" * MEBIBYTE)
    small.write_text("snow")
    surfer.click("Upload")
    surfer.fill(prefix="a/b")
    surfer.files("files", large, small)
    surfer.send()
    assert "large.bin" in surfer.text and "16 MiB" in surfer.text
    assert not surfer.faults()
    kept = ann.object_store.get("/photos%20%E2%98%83/a/b/large.bin").content
    assert kept == large.read_bytes()
    surfer.click("\u2603 <i>.txt")
    assert "4 B" in surfer.text
    surfer.click("Edit metadata\u2026")
    surfer.fill(metadata="color = blue\nshape=round")
    surfer.send()
    assert "blue" in surfer.text
    surfer.click("Link for others\u2026")
    surfer.send()
    link = surfer.evaluate("document.querySelector('#link pre').textContent")
    with urlopen(link, timeout=SECONDS) as answer:
        assert answer.read() == b"snow"
    surfer.go("/objects/c/photos%20%E2%98%83")
    surfer.click("Make it public", leaves=False)
    surfer.say_yes()
    headers = ann.object_store.head("/photos%20%E2%98%83").headers
    assert headers["X-Container-Read"] == ".r:*,.rlistings"
    surfer.click("Delete some\u2026")
    for each in ("a/b/large.bin", "a/b/\u2603 <i>.txt"):
        surfer.choose("names", each)
    surfer.send()
    surfer.click("Delete the container", leaves=False)
    surfer.say_yes()
    assert "The container is deleted." in surfer.text


def test_versions_come_back(ann: Any, shown: Shown) -> None:
    visitor = Visitor(shown.url)
    visitor.sign_in("ann", PASSWORD)
    ann.object_store.put("/kept")
    assert visitor.post("/objects/c/kept/keep-versions").status == 303
    for text in ("first", "second"):
        ann.object_store.put("/kept/note", data=text)
    page = visitor.get("/objects/c/kept/file?name=note").text
    earlier = unescape(re.findall(r'restore-version\?([^"]+)"', page)[0])
    assert page.count(">current<") == 1
    seen = visitor.get(f"/objects/c/kept/download?{earlier}")
    assert seen.text == "first"
    assert visitor.post(f"/objects/c/kept/restore-version?{earlier}").status == 303
    assert ann.object_store.get("/kept/note").content == b"first"


def test_what_is_refused_before_it_is_read_is_told(shown: Shown, ann: Any) -> None:
    """A browser that is still sending would see a broken connection only."""
    visitor = Visitor(shown.url)
    visitor.sign_in("ann", PASSWORD)
    values = {"csrf": visitor.csrf, "template": "x" * (8 * MEBIBYTE)}
    seen = visitor.post("/stacks/new", values)
    assert seen.status == 413 and "too large" in seen.text


def test_an_upload_is_not_held_in_memory(shown: Shown, ann: Any) -> None:
    """A body that never ends within what a form may be."""
    visitor = Visitor(shown.url)
    visitor.sign_in("ann", PASSWORD)
    ann.object_store.put("/big")
    pieces = (b"x" * MEBIBYTE for _ in range(64))
    headers = {
        "X-CSRF-Token": visitor.csrf,
        "Origin": visitor.origin,
        "Content-Length": str(64 * MEBIBYTE),
    }
    seen = visitor.send("POST", "/objects/c/big/upload?file=b", pieces, **headers)
    assert seen.status == 200, seen.text
    assert ann.object_store.head("/big/b").headers["Content-Length"] == str(
        64 * MEBIBYTE
    )


def test_keys_volumes_networks(ann: Any, surfer: Surfer) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/keys/new")
    surfer.fill(name="made")
    surfer.send()
    assert "PRIVATE KEY" in surfer.text and not surfer.faults()
    assert ann.compute.find_keypair("made")
    surfer.go("/keys")
    assert "PRIVATE" not in surfer.evaluate("document.body.innerHTML")

    surfer.go("/volumes/new")
    surfer.fill(name="disk", size="2")
    surfer.send()
    ready = "document.querySelector('#badges').innerText.includes('available')"
    assert surfer.until(ready, SECONDS)
    surfer.click("Snapshot\u2026")
    surfer.fill(name="then")
    surfer.send()
    assert "then" in surfer.text
    volume = ann.block_storage.find_volume("disk")
    assert volume.size == 2

    surfer.go("/networks/new")
    surfer.fill(name="home", cidr="10.20.0.0/24")
    surfer.send()
    network = ann.network.find_network("home")
    assert len(network.subnet_ids) == 1
    surfer.go("/networks/new")
    surfer.fill(name="broken", cidr="nonsense")
    surfer.send()
    assert surfer.evaluate("document.querySelector('[role=alert]') !== null")
    assert ann.network.find_network("broken") is None
    surfer.complaints.clear()

    surfer.go("/routers/new")
    surfer.fill(name="door")
    surfer.send()
    surfer.click("Connect a subnet")
    surfer.choose("subnet", "home")
    surfer.send()
    assert "10.20.0.1" in surfer.text
    surfer.go("/groups/new")
    surfer.fill(name="web")
    surfer.send()
    surfer.click("Add a rule")
    surfer.fill(first="80", last="443", prefix="192.0.2.0/24")
    surfer.send()
    assert "80 to 443" in surfer.text and "192.0.2.0/24" in surfer.text


def test_a_stack_from_a_template(ann: Any, surfer: Surfer) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/stacks/new")
    surfer.fill(template="resources: [")
    surfer.send()
    why = surfer.evaluate("document.querySelector('[role=alert]').innerText")
    assert why.startswith("Error parsing template")
    surfer.complaints.clear()
    surfer.fill(template=TEMPLATE)
    surfer.send()
    assert "<b>one disk</b>" in surfer.text
    surfer.fill(name="disks", **{"parameter:size": "3"})
    surfer.send()
    done = "document.querySelector('#badges').innerText.includes('CREATE_COMPLETE')"
    assert surfer.until(done, SECONDS)
    assert not surfer.faults()
    assert 3 in [each.size for each in ann.block_storage.volumes()]
    surfer.click("Update\u2026")
    surfer.send()
    surfer.fill(**{"parameter:size": "4"})
    surfer.click("Show what would happen")
    assert "is changed in place" in surfer.text and not surfer.faults()
    assert "UPDATE" not in surfer.text
    surfer.click("Update")
    done = "document.querySelector('#badges').innerText.includes('UPDATE_COMPLETE')"
    assert surfer.until(done, SECONDS)
    assert 4 in [each.size for each in ann.block_storage.volumes()]
    surfer.click("Take one")
    surfer.fill(label="then <i>")
    surfer.send()
    taken = "document.querySelector('#snapshots').innerText.includes('COMPLETE')"
    assert surfer.until(taken, SECONDS) and "then <i>" in surfer.text
    surfer.click("Restore", within="#snapshots", leaves=False)
    surfer.say_yes()
    done = "document.querySelector('#badges').innerText.includes('RESTORE_COMPLETE')"
    assert surfer.until(done, SECONDS)
    surfer.click("Delete", within="#snapshots", leaves=False)
    surfer.say_yes()
    surfer.click("Delete", within="#actions", leaves=False)
    surfer.say_yes()
    assert surfer.until("document.body.innerText.includes('No stacks yet')", SECONDS)


def test_a_load_balancer(ann: Any, surfer: Surfer) -> None:
    surfer.sign_in("ann", PASSWORD)
    surfer.go("/balancers/new")
    surfer.fill(name="front", port="80", member_port="8080")
    surfer.choose("subnet", "shared")
    surfer.send()
    assert "front pool" in surfer.text and "HTTP 80" in surfer.text
    done = "document.querySelector('#badges').innerText.includes('ACTIVE')"
    assert surfer.until(done, SECONDS)
    surfer.click("Add a member")
    surfer.fill(address="10.32.0.9", port="8080")
    surfer.send()
    assert "10.32.0.9:8080" in surfer.text
    assert surfer.until(done, SECONDS)
    surfer.click("front listener")
    surfer.click("Add a policy")
    surfer.fill(name="old", action="REDIRECT_TO_URL", url="https://new.example/")
    surfer.send()
    assert "on to https://new.example/" in surfer.text
    # Nothing else may change before the host serves it.
    settled = "!document.querySelector('[data-busy]')"
    assert surfer.until(settled, SECONDS)
    surfer.click("Add a rule")
    surfer.fill(value="/old", key="not for paths")
    surfer.send()
    assert "Only for headers, cookies and fields." in surfer.text
    surfer.complaints.clear()
    surfer.fill(key="")
    surfer.send()
    assert 'the path begins with "/old"' in surfer.text


def test_an_account(shown: Shown, surfer: Surfer) -> None:
    shown.person("erin")
    surfer.sign_in("erin", PASSWORD)
    surfer.go("/account/application/new")
    surfer.fill(name="program")
    surfer.send()
    assert "only time" in surfer.text and "application_credential_secret" in surfer.text
    surfer.go("/account")
    surfer.evaluate("document.querySelector('#ec2 button').click()")
    assert surfer.until("document.body.innerText.includes('Secret key')", SECONDS)
    surfer.go("/account/password")
    surfer.fill(old=PASSWORD, new="another password", again="another password")
    surfer.send()
    assert surfer.path == "/sign-in" and "Sign in with the new one" in surfer.text
    surfer.sign_in("erin", "another password")
    assert surfer.path == "/"


def test_administrators_look_after_people(shown: Shown, surfer: Surfer) -> None:
    password = shown.cloud.place.admin_password
    surfer.sign_in("admin", password)
    surfer.go("/projects/new")
    surfer.fill(name="shop")
    surfer.send()
    surfer.click("Quotas\u2026")
    surfer.fill(**{"compute.instances": "3", "volume.gigabytes": "77"})
    surfer.send()
    admin = shown.cloud.sdk()
    project = admin.identity.find_project("shop")
    assert admin.compute.get_quota_set(project.id).instances == 3
    surfer.go("/people/new")
    surfer.fill(name="fred", password=PASSWORD)
    surfer.choose("project", "shop")
    surfer.choose("role", "member")
    surfer.send()
    surfer.go("/sign-in")
    assert shown.cloud.token(username="fred", password=PASSWORD, project_name="shop")
    surfer.go("/flavors/new")
    surfer.fill(name="huge", vcpus="4", ram="4096", disk="40")
    surfer.send()
    assert "huge" in surfer.text and "4 GiB" in surfer.text
    surfer.go("/switch")
    assert "this one" in surfer.text
