"""The rules of scheduling: which hosts will do, in which order, and why not others."""

from __future__ import annotations

import dataclasses
from random import Random

import pytest

from compute.instance.scheduling.choose import Choice, SchedulerKind, choose
from compute.instance.scheduling.extra_specs import matches
from compute.instance.scheduling.state import HostState, Request

HOST = HostState("", True, True, vcpus=8, memory_mib=8192, disk_gib=100)
REQUEST = Request(vcpus=1, memory_mib=512, disk_gib=1)


def hosts(**changed: object) -> list[HostState]:
    """Three hosts; ``changed`` applies to the first."""
    names = [dataclasses.replace(HOST, host=name) for name in "abc"]
    return [dataclasses.replace(names[0], **changed), *names[1:]]  # type: ignore[arg-type]


def ask(request: Request, found: list[HostState], kind: str = "filter") -> Choice:
    return choose(request, found, SchedulerKind(kind), Random(3))


@pytest.mark.parametrize(
    ("changed", "filter_name"),
    [
        ({"enabled": False}, "ComputeFilter"),
        ({"up": False}, "ComputeFilter"),
        ({"memory_used_mib": 8000}, "RamFilter"),
        ({"vcpus_used": 8}, "CoreFilter"),
        ({"disk_used_gib": 100}, "DiskFilter"),
    ],
)
def test_a_host_that_will_not_do(changed: dict[str, object], filter_name: str) -> None:
    choice = ask(REQUEST, hosts(**changed))
    assert set(choice.hosts) == {"b", "c"}
    assert [each.filter for each in choice.refusals] == [filter_name]


def test_wishes() -> None:
    def left(**wish: object) -> set[str]:
        request = dataclasses.replace(REQUEST, **wish)  # type: ignore[arg-type]
        found = hosts(
            zone="attic",
            hypervisor_type="QEMU",
            traits={"ssd": frozenset({"true"})},
        )
        return set(ask(request, found).hosts)

    assert left(zone="attic") == {"a"}
    assert left(zone="nova") == {"b", "c"}
    assert left(forced_host="b") == {"b"}
    assert left(tried=frozenset("ab")) == {"c"}
    assert left(same_hosts=frozenset("c")) == {"c"}
    assert left(different_hosts=frozenset("c")) == {"a", "b"}
    assert left(extra_specs={"ssd": "true"}) == {"a"}
    assert left(extra_specs={"aggregate_instance_extra_specs:ssd": "no"}) == set()
    assert left(extra_specs={"hw:cpu_policy": "shared"}) == {"a", "b", "c"}
    assert left(image_properties={"hw_architecture": "aarch64"}) == set()
    assert left(image_properties={"img_hv_type": "kvm"}) == {"a"}


def test_groups() -> None:
    def first(policy: str, members: dict[str, int], **rules: int) -> set[str]:
        request = dataclasses.replace(
            REQUEST, group_policy=policy, group_hosts=members, group_rules=rules
        )
        return set(ask(request, hosts()).hosts)

    assert first("affinity", {}) == {"a", "b", "c"}
    assert first("affinity", {"b": 1}) == {"b"}
    assert first("anti-affinity", {"b": 1}) == {"a", "c"}
    assert first("anti-affinity", {"b": 1}, max_server_per_host=2) == {"a", "b", "c"}
    near = dataclasses.replace(
        REQUEST, group_policy="soft-affinity", group_hosts={"c": 1}
    )
    assert ask(near, hosts()).hosts[0] == "c"
    far = dataclasses.replace(near, group_policy="soft-anti-affinity")
    assert ask(far, hosts()).hosts[-1] == "c"


def test_the_three_schedulers_rank_differently() -> None:
    found = hosts(vcpus_used=4, memory_used_mib=4096)
    assert ask(REQUEST, found, "simple").hosts[-1] == "a"
    assert ask(REQUEST, found, "simple").hosts[0] == "b"
    many = [dataclasses.replace(HOST, host=f"h{n}", vcpus_used=n) for n in range(6)]
    assert ask(REQUEST, many).hosts[-1] == "h5"
    assert len({ask_chance(many, seed) for seed in range(30)}) > 3


def ask_chance(found: list[HostState], seed: int) -> str:
    return choose(REQUEST, found, SchedulerKind.CHANCE, Random(seed)).hosts[0]


def test_a_refusal_explains_itself() -> None:
    huge = dataclasses.replace(REQUEST, memory_mib=9000)
    text = ask(huge, hosts(enabled=False)).explain()
    assert "Hosts considered: 3" in text
    assert "ComputeFilter: 3 -> 2" in text
    assert "RamFilter: 2 -> 0" in text
    assert ask(REQUEST, []).explain() == "There are no hosts."


@pytest.mark.parametrize(
    ("value", "wanted", "does"),
    [
        ("8", "8", True),
        ("8", "= 4", True),
        ("2", ">= 4", False),
        ("x", ">= 4", False),
        ("b", "<or> a <or> b", True),
        ("c", "<or> a <or> b", False),
        ("abc", "<in> b", True),
        ("a b c", "<all-in> a c", True),
        ("b", "s> a", True),
        ("", "", True),
    ],
)
def test_extra_specs_speak_a_little_language(
    value: str, wanted: str, does: bool
) -> None:
    assert matches(value, wanted) is does


def test_containers_and_machines() -> None:
    found = [
        *hosts(hypervisor_type="LXC", lacks=frozenset({"volumes", "extra-disks"}))[:1],
        dataclasses.replace(HOST, host="b", hypervisor_type="KVM"),
    ]

    def left(**wish: object) -> set[str]:
        request = dataclasses.replace(REQUEST, **wish)  # type: ignore[arg-type]
        return set(ask(request, found).hosts)

    assert left() == {"a", "b"}
    assert left(image_properties={"hypervisor_type": "lxc"}) == {"a"}
    assert left(image_properties={"hypervisor_type": "qemu"}) == {"b"}
    assert left(needs=frozenset({"volumes"})) == {"b"}
    assert left(needs=frozenset({"extra-disks"})) == {"b"}
