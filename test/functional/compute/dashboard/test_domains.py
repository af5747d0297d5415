"""Who manages a domain: its people and projects, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from test.functional.compute.dashboard.conftest import PASSWORD, Shown
from test.functional.compute.dashboard.visitor import Visitor


@pytest.fixture(scope="module")
def sales(shown: Shown) -> Any:
    """A domain with a manager, mona, and somebody else, sam."""
    admin = shown.cloud.sdk()
    domain = admin.identity.create_domain(name="sales")
    mona, _ = (
        admin.identity.create_user(name=name, password=PASSWORD, domain_id=domain.id)
        for name in ("mona", "sam")
    )
    admin.identity.create_project(name="storefront", domain_id=domain.id)
    role = admin.identity.find_role("manager")
    admin.identity.assign_domain_role_to_user(domain, mona, role)
    return domain


@pytest.fixture
def mona(shown: Shown, sales: Any) -> Visitor:
    visitor = Visitor(shown.url)
    assert visitor.sign_in("mona", PASSWORD, "sales").status == 303
    return visitor


def test_a_manager_sees_the_domain_alone(mona: Visitor) -> None:
    home = mona.get("/").text
    assert "domain sales" in home and "Servers" not in home
    people = mona.get("/people").text
    assert "sam" in people and ">admin<" not in people
    assert "Quotas" not in mona.get("/projects").text
    roles = mona.get("/people/new").text
    assert "member" in roles and ">service<" not in roles
    assert "EC2" not in mona.get("/account").text
    assert "domain_id" in mona.get("/account/clouds.yaml").text


def test_a_manager_edits_people(mona: Visitor) -> None:
    page = mona.get("/people").text
    sam = re.search(r'href="/dashboard(/people/[0-9a-f]{32})"[^>]*><bdi>sam<', page)
    assert sam
    edit = {"name": "sam", "email": "sam@example.org", "enabled": "yes"}
    assert mona.get(f"{sam[1]}/edit").status == 200
    assert mona.post(f"{sam[1]}/edit", edit).status == 303
    assert "sam@example.org" in mona.get(sam[1]).text
    # Who has a device only the cloud's administrators see.
    refused = mona.post(f"{sam[1]}/edit", {**edit, "passcode": "yes"})
    assert refused.status == 422 and "Only administrators" in refused.text


def test_a_manager_gives_roles(mona: Visitor) -> None:
    shop = re.search(r"/projects/[0-9a-f]{32}", mona.get("/projects").text)
    assert shop
    form = mona.get(f"{shop[0]}/roles/new").text
    sam = re.search(r'value="([0-9a-f]{32})">sam', form)
    member = re.search(r'value="([0-9a-f]{32})">member', form)
    assert sam and member
    values = {"user": sam[1], "role": member[1]}
    assert mona.post(f"{shop[0]}/roles/new", values).status == 303
    assert "sam" in mona.get(shop[0]).text


def test_an_administrator_goes_to_a_domain_and_back(shown: Shown, sales: Any) -> None:
    admin = shown.cloud.sdk()
    shown.person("gus", "admin")
    gus, role = admin.identity.find_user("gus"), admin.identity.find_role("admin")
    admin.identity.assign_domain_role_to_user(sales, gus, role)
    visitor = Visitor(shown.url)
    visitor.sign_in("gus", PASSWORD)
    assert "Flavors" in visitor.get("/").text
    assert visitor.post("/switch/to", {"domain": sales.id}).status == 303
    home = visitor.get("/").text
    assert "Flavors" not in home and "domain sales" in home
    project = re.search(
        r'name="project" value="([0-9a-f]+)"', visitor.get("/switch").text
    )
    assert project
    assert visitor.post("/switch/to", {"project": project[1]}).status == 303
    assert "Flavors" in visitor.get("/").text


def test_going_where_one_has_no_role_signs_nobody_out(
    shown: Shown, mona: Visitor
) -> None:
    other = shown.cloud.sdk().identity.create_domain(name="elsewhere")
    for scope in ({"domain": other.id}, {"project": "0" * 32}, {}):
        refused = mona.post("/switch/to", scope)
        assert refused.headers["location"] == "/dashboard/switch"
        assert "You cannot go there" in mona.get("/switch").text
    assert "domain sales" in mona.get("/").text
