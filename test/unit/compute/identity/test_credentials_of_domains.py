"""Credentials as a domain's administrator meets them: those of its users only."""

from __future__ import annotations

from typing import Any

from test.unit.compute.identity.house import House

AT = "/v3/credentials"


def made(house: House, user_id: str) -> str:
    credential = {"type": "t", "blob": "b", "user_id": user_id}
    found: str = house.ok("POST", AT, {"credential": credential})["credential"]["id"]
    return found


def test_a_domains_administrator_meets_those_of_its_users(house: House) -> None:
    home, abroad = (house.make("domain", name=name) for name in ("home", "abroad"))
    admin, ours, theirs = (
        house.make("user", name=name, password="pw", domain_id=domain)
        for name, domain in (("boss", home), ("ann", home), ("bob", abroad))
    )
    house.grant(admin, "admin", f"domains/{home}")
    token = house.token("boss", "pw", {"domain": {"id": home}}, home)
    own, near, far = (made(house, each) for each in (admin, ours, theirs))
    for query in ("", f"?user_id={theirs}", "?type=t"):
        found = house.ok("GET", AT + query, token=token)["credentials"]
        assert far not in [each["id"] for each in found]
    found = house.ok("GET", AT, token=token)["credentials"]
    assert {each["id"] for each in found} == {own, near}
    change: Any = {"credential": {"blob": "c"}}
    for method, body in (("GET", None), ("PATCH", change), ("DELETE", None)):
        missing = house.say(method, f"{AT}/{'9' * 32}", body, token=token)
        there = house.say(method, f"{AT}/{far}", body, token=token)
        assert missing.status == there.status == 403
        assert missing.body == there.body
        assert house.status(method, f"{AT}/{near}", body, token=token) < 300
    new = {"credential": {"type": "t", "blob": "b", "user_id": theirs}}
    assert house.status("POST", AT, new, token=token) == 403
    new["credential"]["user_id"] = ours
    assert house.status("POST", AT, new, token=token) == 201
