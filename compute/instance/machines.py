"""What machine a flavor and an image ask for: processor, board, firmware, TPM.  Pure.

The names are Nova's; what is asked for in both must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compute.core.errors import BadRequest, Conflict
from compute.instance.records import Server

NATIVE = "x86_64"
EMULATED = ("aarch64",)
"""The other processors of which guests can be had; each is a row of the driver's."""
_MACHINE_TYPE = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")
_OF = {NATIVE: ("pc", "q35"), "aarch64": ("virt",)}
_SECURE = ("required", "optional", "disabled")
TPM_VERSIONS, TPM_MODELS = ("1.2", "2.0"), ("tpm-tis", "tpm-crb")
# Actions (``model.ACTIONS``) after which a server may be without what its TPM keeps.
BOUND = (
    "migrate",
    "live_migrate",
    "evacuate",
    "resize",
    "shelve",
    "shelve_offload",
)


@dataclass(frozen=True, slots=True)
class GuestMachine:
    """``emulated``: the processor, where it is not the host's; ``machine_type``: the
    board, "" for the usual one; ``tpm``: its version, "" for none."""

    emulated: str = ""
    machine_type: str = ""
    uefi: bool = False
    secure_boot: bool = False
    tpm: str = ""
    tpm_model: str = ""


def machine_of(flavor: Mapping[str, Any], image: Mapping[str, Any]) -> GuestMachine:
    """What they ask for.  ``BadRequest`` when that cannot be."""
    specs, properties = flavor.get("extra_specs", {}), image.get("properties", {})
    emulated = _emulated(properties)
    machine_type = _machine_type(properties, emulated or NATIVE)
    secure = _secure_boot(specs, properties)
    uefi = _one_of(properties, "hw_firmware_type", ("", "bios", "uefi")) == "uefi"
    if secure and not uefi:
        raise BadRequest("Secure boot (os_secure_boot) needs hw_firmware_type=uefi")
    if secure and emulated:
        raise BadRequest(f"There is no secure boot for emulated {emulated} guests")
    if secure and machine_type and "q35" not in machine_type:
        raise BadRequest(
            f"Secure boot needs hw_machine_type=q35, not {machine_type[:50]}"
        )
    tpm, model = _tpm(specs, properties)
    if model == "tpm-crb" and (tpm != "2.0" or emulated):
        raise BadRequest("tpm-crb is a model of x86_64's TPM 2.0 only")
    return GuestMachine(emulated, machine_type, uefi, secure, tpm, model)


def check_may_leave(server: Server, action: str) -> None:
    """``Conflict`` when the action could part the server from what its TPM keeps."""
    if action in BOUND and machine_of(server.flavor, server.image).tpm:
        raise Conflict(
            f"Instance {server.id} has a TPM, whose secrets are on its host alone:"
            f" it cannot be moved, resized or shelved"
        )


def _emulated(properties: Mapping[str, Any]) -> str:
    wanted = str(properties.get("hw_emulation_architecture") or "").lower()
    if wanted in ("", NATIVE):
        return ""
    if wanted not in EMULATED:
        known = ", ".join((NATIVE, *EMULATED))
        raise BadRequest(
            f"hw_emulation_architecture: {wanted[:50]} is not emulated here; it may be"
            f" {known}"
        )
    return wanted


def _machine_type(properties: Mapping[str, Any], architecture: str) -> str:
    wanted = str(properties.get("hw_machine_type") or "")
    if not wanted:
        return ""
    families = _OF[architecture]
    fits = any(f"-{each}" in f"-{wanted}" for each in families)
    if not fits or not _MACHINE_TYPE.fullmatch(wanted):
        known = ", ".join(families)
        raise BadRequest(
            f"hw_machine_type: {wanted[:50]} is no machine of {architecture} here;"
            f" they are {known} and their versions"
        )
    return wanted


def _secure_boot(specs: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    of_flavor = _one_of(specs, "os:secure_boot", ("", *_SECURE))
    of_image = _one_of(properties, "os_secure_boot", ("", *_SECURE))
    if {of_flavor, of_image} >= {"required", "disabled"}:
        raise BadRequest("Flavor and image do not agree about secure boot")
    return "required" in (of_flavor, of_image)


def _tpm(specs: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[str, str]:
    version = _agreed(
        _one_of(specs, "hw:tpm_version", ("", *TPM_VERSIONS)),
        _one_of(properties, "hw_tpm_version", ("", *TPM_VERSIONS)),
        "hw:tpm_version",
    )
    model = _agreed(
        _one_of(specs, "hw:tpm_model", ("", *TPM_MODELS)),
        _one_of(properties, "hw_tpm_model", ("", *TPM_MODELS)),
        "hw:tpm_model",
    )
    if model and not version:
        raise BadRequest("hw:tpm_model needs hw:tpm_version")
    return version, model or ("tpm-tis" if version else "")


def _agreed(of_flavor: str, of_image: str, name: str) -> str:
    if of_flavor and of_image and of_flavor != of_image:
        raise BadRequest(f"Flavor and image do not agree about {name}")
    return of_flavor or of_image


def _one_of(said: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = str(said.get(name) or "").lower()
    if value not in known:
        may = ", ".join(each for each in known if each)
        raise BadRequest(f"{name}: {value[:50]} is none of {may}")
    return value
