"""What a host is said to have by the names of OpenStack's traits.  Pure.

Flavors (extra specs) and images (properties) name them: ``trait:NAME`` is
``required``, or ``forbidden``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

SCOPE = "trait:"
REQUIRED, FORBIDDEN = "required", "forbidden"
NATIVE_PREFIX, RUNS_PREFIX = "HW_ARCH_", "COMPUTE_ARCH_"
# What a host has unless its driver lacks it (``compute.agent.guests.Ability``).
_UNLESS_LACKING = {
    "volumes": ("COMPUTE_VOLUME_EXTEND",),
    "rescue": ("COMPUTE_RESCUE_BFV",),
    "secure-boot": ("COMPUTE_SECURITY_UEFI_SECURE_BOOT",),
    "tpm-1.2": ("COMPUTE_SECURITY_TPM_1_2", "COMPUTE_SECURITY_TPM_TIS"),
    "tpm-2.0": (
        "COMPUTE_SECURITY_TPM_2_0",
        "COMPUTE_SECURITY_TPM_TIS",
        "COMPUTE_SECURITY_TPM_CRB",
    ),
    "emulation-aarch64": (f"{RUNS_PREFIX}AARCH64",),
}


def traits_of(architecture: str, lacks: Collection[str]) -> frozenset[str]:
    """A host's."""
    name = architecture.upper()
    found = {f"{NATIVE_PREFIX}{name}", f"{RUNS_PREFIX}{name}", "COMPUTE_NODE"}
    for ability, traits in _UNLESS_LACKING.items():
        if ability not in lacks:
            found.update(traits)
    return frozenset(found)


def wishes(*said: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The traits that are named, each with whether it is required (or forbidden)."""
    for each in said:
        for key, value in each.items():
            if key.startswith(SCOPE) and value in (REQUIRED, FORBIDDEN):
                yield key.removeprefix(SCOPE), value == REQUIRED


def fits(traits: Collection[str], *said: Mapping[str, Any]) -> bool:
    """Whether a host with those traits has what is required, and nothing forbidden."""
    return all((name in traits) is required for name, required in wishes(*said))
