"""Lists refuse what they do not know from the version on in which Nova's do, pages of
usage, and what headers say of versions."""

from __future__ import annotations

import pytest

from compute.core.instants import iso_micro
from test.unit.compute.instance.house import OTHER, OWNER, House

# Path -> the first version that refuses a parameter that is not of that list.
STRICT = {
    "/servers": 75,
    "/servers/detail": 75,
    "/flavors": 75,
    "/flavors/detail": 75,
    "/os-keypairs": 75,
    "/os-server-groups": 75,
    "/limits": 75,
    f"/os-quota-sets/{OWNER}": 75,
    f"/os-quota-sets/{OWNER}/detail": 75,
    "/os-services": 75,
    "/os-simple-tenant-usage": 75,
    f"/os-simple-tenant-usage/{OWNER}": 75,
    "/os-hypervisors": 53,
    "/os-hypervisors/detail": 53,
}
# Never.
TOLERANT = (f"/os-quota-sets/{OWNER}/defaults", "/os-availability-zone", "/extensions")


@pytest.mark.parametrize(("path", "since"), STRICT.items())
def test_unknown_parameters(shared_house: House, path: str, since: int) -> None:
    for minor in (1, since - 1, since, 96):
        got = shared_house.ask(
            "GET", f"{path}?nonsense=1", roles="admin", version=f"2.{minor}"
        )
        assert got.status == (400 if minor >= since else 200), (minor, got.body)
        if got.status == 400:
            assert "nonsense" in got.json["badRequest"]["message"]


@pytest.mark.parametrize("path", TOLERANT)
def test_lists_that_take_anything(shared_house: House, path: str) -> None:
    got = shared_house.ask("GET", f"{path}?nonsense=1", roles="admin")
    assert got.status == 200


def test_history_is_strict_since_its_pages(house: House) -> None:
    server_id = house.boot()
    path = f"/servers/{server_id}/os-instance-actions"
    for query, minor, status in (
        ("nonsense=1", 57, 200),
        ("nonsense=1", 58, 400),
        ("changes-before=2030-01-01T00:00:00Z", 65, 400),
        ("changes-before=2030-01-01T00:00:00Z", 66, 200),
    ):
        got = house.ask("GET", f"{path}?{query}", version=f"2.{minor}")
        assert got.status == status, (query, minor, got.body)


def test_usage_in_pages(house: House) -> None:
    ids = sorted(house.boot(f"s{number}") for number in range(3))
    house.clock.advance(3600)
    path = f"/os-simple-tenant-usage/{OWNER}?start=2001-01-01T00:00:00&limit=2"
    first = house.ok("GET", path)
    second = house.ok("GET", f"{path}&marker={ids[1]}")
    rows = first["tenant_usage"]["server_usages"]
    rows += second["tenant_usage"]["server_usages"]
    assert [row["instance_id"] for row in rows] == ids
    (link,) = first["tenant_usage_links"]
    assert f"marker={ids[1]}" in link["href"]
    assert "tenant_usage_links" not in second
    wrong = house.ask("GET", f"{path}&marker=nobody")
    assert wrong.status == 400


def test_usage_of_who_ran_in_the_period(house: House) -> None:
    """Of all that ever were, only they are read, and counted in the page."""
    gone, here = house.boot("gone"), house.boot("here")
    house.clock.advance(3600)
    house.ok("DELETE", f"/servers/{gone}")
    house.work()
    house.clock.advance(3600)

    def used(start: str, minor: int = 96) -> dict[str, float]:
        path = f"/os-simple-tenant-usage/{OWNER}?start={start}&limit=2"
        found = house.ok("GET", path, version=f"2.{minor}")["tenant_usage"]
        rows = found["server_usages"]
        return {row["instance_id"]: round(row["hours"], 1) for row in rows}

    now = house.clock.time()
    for minor in (1, 96):
        assert used("2001-01-01T00:00:00", minor) == {gone: 1.0, here: 2.0}
        assert used(iso_micro(now - 1800), minor) == {here: 0.5}
    launched = house.show(here)["OS-SRV-USG:launched_at"]
    path = f"/os-simple-tenant-usage/{OWNER}?start=2001-01-01&end=2001-01-02"
    assert launched > "2001"
    assert house.ok("GET", path)["tenant_usage"]["server_usages"] == []


@pytest.mark.parametrize("path", ["/servers", f"/os-simple-tenant-usage/{OTHER}"])
def test_a_page_does_not_begin_at_what_is_not_seen(house: House, path: str) -> None:
    """Or it would tell that it is there."""
    theirs = house.boot()
    for marker in (theirs, "0" * 36):
        query = f"{path}?marker={marker}"
        assert house.ask("GET", query, project=OTHER).status == 400
    assert house.ask("GET", f"/servers?marker={theirs}").status == 200
    assert house.ask("GET", f"/servers?marker={theirs}&status=ERROR").status == 200


@pytest.mark.parametrize("minor", [1, 74, 96])
def test_everybody_may_say_which_are_deleted(house: House, minor: int) -> None:
    """The openstack command always does; only administrators are heard."""
    here, gone = house.boot("here"), house.boot("gone")
    house.ok("DELETE", f"/servers/{gone}")
    house.work()

    def listed(query: str, roles: str) -> set[str]:
        found = house.ok("GET", f"/servers?{query}", roles=roles, version=f"2.{minor}")
        return {server["id"] for server in found["servers"]}

    for roles in ("member", "reader", "admin"):
        assert listed("deleted=False", roles) == {here}
    assert listed("deleted=True", "member") == {here}
    assert listed("deleted=True", "admin") == {gone}


def test_usage_of_nothing_is_zeros(shared_house: House) -> None:
    """Clients print sums without looking whether there are any."""
    nobody = "0" * 32
    found = shared_house.ok("GET", f"/os-simple-tenant-usage/{nobody}", roles="admin")
    usage = found["tenant_usage"]
    assert usage["total_hours"] == 0.0 and isinstance(usage["total_hours"], float)
    assert usage["server_usages"] == []


@pytest.mark.parametrize("word", ["1", "True"])
def test_usage_in_detail(house: House, word: str) -> None:
    server_id = house.boot()
    house.clock.advance(3600)
    path = f"/os-simple-tenant-usage?start=2001-01-01T00:00:00&detailed={word}"
    (usage,) = house.ok("GET", path, roles="admin")["tenant_usages"]
    assert [row["instance_id"] for row in usage["server_usages"]] == [server_id]


def test_headers_tell_the_version(house: House) -> None:
    def ask(**headers: str) -> tuple[int, str, str, str]:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["X-Auth-Token"] = house.tokens.token()
        answer = house.caller.request("GET", "/v2.1/flavors", headers, b"")
        answer.read()
        vary = answer.headers.get("vary") or ""
        own = answer.headers.get("openstack-api-version") or ""
        old = answer.headers.get("x-openstack-nova-api-version") or ""
        return answer.status, own, old, vary

    assert ask()[:3] == (200, "compute 2.1", "2.1")
    assert ask(OpenStack_API_Version="compute latest")[1] == "compute 2.96"
    assert ask(OpenStack_API_Version="identity 3.1, compute 2.50")[1] == "compute 2.50"
    assert ask(OpenStack_API_Version="volume 3.60")[1] == "compute 2.1"
    assert ask(X_OpenStack_Nova_API_Version="2.20")[2] == "2.20"
    both = ask(OpenStack_API_Version="compute 2.30", X_OpenStack_Nova_API_Version="2.3")
    assert both[1] == "compute 2.30"
    assert ask(OpenStack_API_Version="compute 2.97")[0] == 406
    assert ask(OpenStack_API_Version="compute 3.1")[0] == 406
    assert ask(OpenStack_API_Version="compute two")[0] == 400
    vary = ask()[3]
    assert "OpenStack-API-Version" in vary or "X-OpenStack-Nova-API-Version" in vary


@pytest.mark.parametrize("version", ["2.61", "latest", "9.9"])
def test_the_older_api_knows_of_no_versions(house: House, version: str) -> None:
    got = house.ask("GET", "/v2/flavors", version=version)
    assert got.status == 200
    assert set(got.json["flavors"][0]) == {"id", "name", "links"}
    names = {name.lower() for name in got.headers}
    assert not names & {"openstack-api-version", "x-openstack-nova-api-version"}


def test_the_fault_of_a_version_that_is_not_spoken(house: House) -> None:
    got = house.ask("GET", "/flavors", version="2.500")
    assert (got.status, list(got.json)) == (406, ["computeFault"])
