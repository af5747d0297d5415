"""What tokens of a domain, and of the system, open: nothing, and what they should."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from compute.core.context import RequestContext
from test.fakes.tokens import FakeTokens
from test.unit.compute.network.house import House


class ScopedTokens(FakeTokens):
    """Projects ``domain`` and ``system`` stand for those scopes."""

    def check(self, token: str, request_id: str) -> RequestContext:
        found = super().check(token, request_id)
        if found.project_id == "domain":
            return dataclasses.replace(found, project_id="", domain_id="default")
        if found.project_id == "system":
            return dataclasses.replace(found, project_id="", system_scope="all")
        return found


def test_scopes(tmp_path: Path) -> None:
    house = House(tmp_path, tokens=ScopedTokens())
    try:
        network, _ = house.network()
        for roles in ("admin", "member"):
            got = house.ask("GET", "/v2.0/networks", project="domain", roles=roles)
            assert (got.status, got.error) == (403, "PolicyNotAuthorized")
        seen = house.list("network", project="system", roles="reader")
        assert network["id"] in [each["id"] for each in seen]
        path = f"/v2.0/networks/{network['id']}"
        body = {"network": {"name": "x"}}
        read = {"project": "system", "roles": "reader"}
        assert house.ask("PUT", path, body, **read).status == 403
        assert house.ask("PUT", path, body, **{**read, "roles": "admin"}).status == 200
    finally:
        house.close()
