"""What settings files say of the hosts that they are for."""

from __future__ import annotations

from configparser import ConfigParser

from compute.deploy.model import Part
from compute.deploy.settings_files import cloud_conf
from compute.settings import ROOM_ROLES
from test.unit.compute.deploy.inventories import Sections, inventory

SEVERAL: Sections = {
    "cloud": {
        "database": "postgresql+psycopg2://10.0.0.9/ringstack?sslmode=verify-full"
    },
    "host:alpha": {"roles": "store, proxy, control"},
    "host:beta": {"roles": "store, proxy, control"},
}


def test_any_of_several_clouds_may_be_asked_anything() -> None:
    """What stands before them does not know who has which room."""
    found = inventory(SEVERAL)
    for host in found.playing(Part.CONTROL):
        parser = ConfigParser(interpolation=None)
        parser.read_string(cloud_conf(found, host))
        roles = parser["cloud"]["roles"].split(", ")
        assert roles == [role.value for role in ROOM_ROLES], host.name
