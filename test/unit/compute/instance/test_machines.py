"""What machine a flavor and an image ask for, and which hosts have it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from compute.agent.drivers.sim.hypervisor import SimHypervisor
from compute.agent.guests import Ability
from compute.core.errors import BadRequest
from compute.instance.abilities import needs_of
from compute.instance.machines import GuestMachine, machine_of
from compute.instance.scheduling.traits import fits, traits_of
from test.unit.compute.instance.house import House

FLAVOR: dict[str, Any] = {"ephemeral": 0, "swap": 0}
UEFI = {"hw_firmware_type": "uefi"}


def asked(specs: dict[str, str] | None = None, **properties: str) -> GuestMachine:
    flavor = {**FLAVOR, "extra_specs": specs or {}}
    return machine_of(flavor, {"properties": properties})


def test_who_asks_for_nothing_gets_the_usual() -> None:
    assert asked() == GuestMachine()
    assert asked(hw_firmware_type="bios", os_secure_boot="optional") == GuestMachine()


def test_the_flavor_and_the_image_may_ask() -> None:
    secure = GuestMachine(uefi=True, secure_boot=True)
    assert asked({"os:secure_boot": "required"}, **UEFI) == secure
    assert asked(os_secure_boot="required", **UEFI) == secure
    tpm = GuestMachine(tpm="2.0", tpm_model="tpm-tis")
    assert asked({"hw:tpm_version": "2.0"}) == tpm
    assert asked({"hw:tpm_version": "2.0"}, hw_tpm_version="2.0") == tpm
    arm = GuestMachine(emulated="aarch64", machine_type="virt-7.2")
    said = {"hw_emulation_architecture": "aarch64", "hw_machine_type": "virt-7.2"}
    assert asked(**said) == arm


@pytest.mark.parametrize(
    ("specs", "properties"),
    [
        ({}, {"hw_firmware_type": "coreboot"}),
        ({}, {"os_secure_boot": "required"}),
        ({"os:secure_boot": "required"}, {"os_secure_boot": "disabled", **UEFI}),
        ({}, {"os_secure_boot": "required", "hw_machine_type": "pc", **UEFI}),
        ({}, {"hw_machine_type": "microvm"}),
        ({}, {"hw_machine_type": "q35,accel=kvm"}),
        ({}, {"hw_machine_type": "virt"}),
        ({}, {"hw_emulation_architecture": "vax"}),
        ({"hw:tpm_version": "3.0"}, {}),
        ({"hw:tpm_model": "tpm-crb"}, {}),
        ({"hw:tpm_version": "1.2", "hw:tpm_model": "tpm-crb"}, {}),
        ({"hw:tpm_version": "2.0"}, {"hw_tpm_version": "1.2"}),
    ],
)
def test_what_cannot_be(specs: dict[str, str], properties: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        asked(specs, **properties)


def test_what_a_machine_needs_of_its_host() -> None:
    properties = {"hw_emulation_architecture": "aarch64", "hw_tpm_version": "2.0"}
    needed = needs_of([], FLAVOR, {"properties": properties})
    assert needed == {Ability.AARCH64.value, Ability.TPM_2_0.value}
    properties = {"os_secure_boot": "required", **UEFI}
    needed = needs_of([], FLAVOR, {"properties": properties})
    assert needed == {Ability.UEFI.value, Ability.SECURE_BOOT.value}


def test_traits() -> None:
    all_of_them = traits_of("x86_64", ())
    assert {"HW_ARCH_X86_64", "COMPUTE_ARCH_AARCH64"} <= all_of_them
    plain = traits_of("x86_64", {each.value for each in Ability})
    assert plain == {"HW_ARCH_X86_64", "COMPUTE_ARCH_X86_64", "COMPUTE_NODE"}
    tpm = "trait:COMPUTE_SECURITY_TPM_2_0"
    assert fits(all_of_them, {tpm: "required"}) and not fits(plain, {tpm: "required"})
    assert fits(plain, {}, {tpm: "forbidden"})
    assert not fits(all_of_them, {}, {tpm: "forbidden"})


def test_a_server_with_a_tpm_stays_where_its_secrets_are(house: House) -> None:
    order = house.order()
    path = f"/flavors/{order['flavorRef']}/os-extra_specs"
    specs = {"extra_specs": {"hw:tpm_version": "2.0"}}
    house.ok("POST", path, specs, roles="admin,member")
    server = house.ok("POST", "/servers", {"server": order})["server"]
    house.work()
    for action, value in (("migrate", None), ("shelve", None)):
        got = house.act(server["id"], action, value, roles="admin,member")
        assert got.status == 409, got.body
        assert "has a TPM" in got.json["conflictingRequest"]["message"]


def test_nobody_gets_a_host_without_what_it_needs(house: House) -> None:
    for kit in house.kits.values():
        assert isinstance(kit.hypervisor, SimHypervisor)
        lacks = (Ability.TPM_2_0,)
        kit.hypervisor.host = dataclasses.replace(kit.hypervisor.host, lacks=lacks)
    house.agent.report()
    order = house.order()
    path = f"/flavors/{order['flavorRef']}/os-extra_specs"
    specs = {"extra_specs": {"hw:tpm_version": "2.0"}}
    house.ok("POST", path, specs, roles="admin,member")
    server = house.ok("POST", "/servers", {"server": order})["server"]
    house.work()
    shown = house.ok("GET", f"/servers/{server['id']}")["server"]
    assert shown["status"] == "ERROR"
    assert "No valid host" in shown["fault"]["message"]


def test_a_wrong_wish_is_told_at_once(house: House) -> None:
    order = house.order()
    path = f"/flavors/{order['flavorRef']}/os-extra_specs"
    specs = {"extra_specs": {"os:secure_boot": "required"}}
    house.ok("POST", path, specs, roles="admin,member")
    got = house.ask("POST", "/servers", {"server": order})
    assert got.status == 400 and b"hw_firmware_type=uefi" in got.body, got.body


def test_no_server_is_rebuilt_into_what_its_host_has_not_got(house: House) -> None:
    server = house.ok("POST", "/servers", {"server": house.order()})["server"]
    house.work()
    for kit in house.kits.values():
        assert isinstance(kit.hypervisor, SimHypervisor)
        lacks = (Ability.UEFI,)
        kit.hypervisor.host = dataclasses.replace(kit.hypervisor.host, lacks=lacks)
    house.agent.report()
    image = house.image("signed", **UEFI)
    got = house.act(server["id"], "rebuild", {"imageRef": image})
    assert got.status == 409 and b"what the image needs: uefi" in got.body, got.body
