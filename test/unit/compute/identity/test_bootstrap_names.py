"""What services are called in the catalogue, and what they were called once."""

from __future__ import annotations

from pathlib import Path

from compute.app.beginnings import catalogue
from compute.app.rooms import SETTINGS
from compute.identity.bootstrap import Beginnings, CatalogueEntry, bootstrap
from compute.settings import load_cloud_settings
from test.unit.compute.identity.house import ADMIN_PASSWORD, SERVICE_PASSWORD, House

URL = "http://cloud/image"
# As clients that ask for a name have it.
KNOWN = {
    "identity": "keystone",
    "image": "glance",
    "network": "neutron",
    "compute": "nova",
    "block-storage": "cinder",
    "volumev3": "cinderv3",
    "object-store": "swift",
    "load-balancer": "octavia",
}


def begin(house: House, *entries: CatalogueEntry) -> None:
    bootstrap(
        house.parts, Beginnings(ADMIN_PASSWORD, SERVICE_PASSWORD, catalogue=entries)
    )


def images(house: House) -> list[tuple[str, str]]:
    found = house.ok("GET", "/v3/services?type=image")["services"]
    return [(each["id"], each["name"]) for each in found]


def test_services_have_the_names_that_clients_ask_for(tmp_path: Path) -> None:
    file = tmp_path / "cloud.conf"
    file.write_text("[cloud]\n", "utf-8")
    settings = load_cloud_settings(file, SETTINGS)
    names = {each.type: each.name for each in catalogue(settings)}
    assert {type_: names[type_] for type_ in KNOWN} == KNOWN


def test_a_service_of_before_is_renamed_and_stays_itself(house: House) -> None:
    begin(house, CatalogueEntry("image", "image", URL))
    ((identifier, _),) = images(house)
    for _ in range(2):
        begin(house, CatalogueEntry("image", "glance", URL))
        assert images(house) == [(identifier, "glance")]
    shown = house.ok("GET", f"/v3/endpoints?service_id={identifier}")["endpoints"]
    assert {each["url"] for each in shown} == {URL}


def test_one_that_an_operator_named_is_his(house: House) -> None:
    begin(house, CatalogueEntry("image", "pictures", URL))
    begin(house, CatalogueEntry("image", "glance", URL))
    assert sorted(name for _, name in images(house)) == ["glance", "pictures"]
