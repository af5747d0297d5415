"""What a guest that is defined anew keeps of what its firmware and TPM wrote."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

libvirt = pytest.importorskip("libvirt", reason="needs libvirt's binding")

TPM = "<devices><tpm/></devices>"


def definition(arch: str = "x86_64", secure: str = "", rest: str = "") -> str:
    said = f"<feature name='secure-boot' enabled='{secure}'/>" if secure else ""
    return (
        f"<domain><os firmware='efi'><type arch='{arch}'/><firmware>{said}</firmware>"
        f"</os>{rest}</domain>"
    )


@pytest.mark.parametrize(
    ("old", "new", "variables", "tpm"),
    [
        (definition(secure="no"), definition(secure="yes"), "NVRAM", "KEEP_TPM"),
        (definition("aarch64"), definition(), "NVRAM", "KEEP_TPM"),
        (definition(rest=TPM), definition(), "KEEP_NVRAM", "TPM"),
    ],
)
def test_what_is_of_no_use_goes(old: str, new: str, variables: str, tpm: str) -> None:
    from compute.agent.drivers.libvirt.domains import drops

    flags = drops(fromstring(old), fromstring(new))
    for kind, wanted in (("NVRAM", variables), ("TPM", tpm)):
        for name in (kind, f"KEEP_{kind}"):
            flag = getattr(libvirt, f"VIR_DOMAIN_UNDEFINE_{name}")
            assert bool(flags & flag) is (name == wanted)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (definition(), definition(secure="no")),
        (definition(secure="yes", rest=TPM), definition(secure="yes", rest=TPM)),
        (definition(), definition(rest=TPM)),
        ("<domain><os><type arch='x86_64'/></os></domain>",) * 2,
    ],
)
def test_all_else_is_kept(old: str, new: str) -> None:
    from compute.agent.drivers.libvirt.domains import drops

    assert drops(fromstring(old), fromstring(new)) == 0
