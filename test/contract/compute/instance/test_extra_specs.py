"""Extra specs of flavors: what is checked, and since when."""

from __future__ import annotations

import pytest

from test.unit.compute.instance.house import House

WRONG = (
    ("hw:cpu_policy", "sometimes"),
    ("hw:cpu_realtime", "perhaps"),
    ("hw:numa_nodes", "0"),
    ("hw:numa_mem.1", "much"),
    ("quota:disk_read_iops_sec", "-1"),
    ("hw:tpm_version", "3.0"),
)
RIGHT = (
    ("hw:cpu_policy", "shared"),
    ("hw:cpu_realtime", "True"),
    ("hw:mem_page_size", "2MB"),
    ("hw:numa_cpus.0", "0-3,^2"),
    ("quota:cpu_shares", "1024"),
    ("colour", "red"),
    ("mine:own", "anything"),
)


@pytest.mark.parametrize("key, value", [*WRONG, *RIGHT])
def test_values_of_known_specs(shared_house: House, key: str, value: str) -> None:
    house = shared_house
    path = f"/flavors/{house.flavor_id}/os-extra_specs"
    for minor in (85, 86):
        bad = minor >= 86 and (key, value) in WRONG
        asked = (
            ("POST", path, {"extra_specs": {key: value}}),
            ("PUT", f"{path}/{key}", {key: value}),
        )
        for method, where, body in asked:
            got = house.ask(method, where, body, roles="admin", version=f"2.{minor}")
            assert got.status == (400 if bad else 200), got.body
