"""What a launch template says: checked, laid under an order, shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from compute.ec2.frame.errors import Ec2Error
from compute.ec2.frame.parameters import Parameters
from compute.ec2.room import all_actions
from compute.ec2.templates.data import HEEDED, asked_data, laid_over, shown_data


def asked(**form: str) -> Any:
    names = {f"LaunchTemplateData.{name}".replace("__", "."): name for name in form}
    return asked_data(Parameters.of({key: form[name] for key, name in names.items()}))


def test_a_template_says_nothing_that_an_order_may_not() -> None:
    assert set(HEEDED.split()) <= all_actions()["RunInstances"].parameters


def test_flags_and_numbers_have_one_spelling() -> None:
    data = asked(EbsOptimized="0", NetworkInterface__1__DeviceIndex="00", KeyName="1")
    assert data == {
        "EbsOptimized": "false",
        "NetworkInterface": {"1": {"DeviceIndex": "0"}},
        "KeyName": "1",
    }


@pytest.mark.parametrize(
    "form",
    [
        {"EbsOptimized": "maybe"},
        {"UserData": "?"},
        {"UserData": "A" * 30000},
        {"KeyName": "\x00"},
        {"KeyName": "k" * 33000},
        {"RamDiskId": "ari-1"},
        {"BlockDeviceMapping__1__Ebs__VolumeSize": "ten"},
        # What would be no element of a document, or no place in a list.
        {"Placement__<Tenancy/>": "default"},
        {"Placement__a b": "default"},
        {"Placement__": "default"},
        {"SecurityGroupId__" + 5000 * "9": "sg-1"},
        {"SecurityGroupId__01": "sg-1"},
    ],
)
def test_what_cannot_be_kept(form: dict[str, str]) -> None:
    with pytest.raises(Ec2Error):
        asked(**form)


def test_an_order_goes_over_its_template() -> None:
    under = {
        "ImageId": "ami-1",
        "Placement": {"AvailabilityZone": "a", "Tenancy": "default"},
        "SecurityGroupId": {"1": "sg-1", "2": "sg-2"},
        "BlockDeviceMapping": {
            "1": {"DeviceName": "/dev/sda", "Ebs": {"VolumeSize": "8"}},
            "2": {"DeviceName": "/dev/sdb", "Ebs": {"VolumeSize": "9"}},
        },
        "TagSpecification": {"1": {"ResourceType": "instance"}},
    }
    over = {
        "Placement": {"AvailabilityZone": "b"},
        "SecurityGroupId": {"1": "sg-3"},
        "BlockDeviceMapping": {
            "1": {"DeviceName": "/dev/sdb", "Ebs": {"VolumeType": "gp3"}},
            "2": {"DeviceName": "/dev/sdc"},
        },
        "TagSpecification": {"1": {"ResourceType": "volume"}},
        "MinCount": "1",
    }
    assert laid_over(under, over) == {
        "ImageId": "ami-1",
        "Placement": {"AvailabilityZone": "b", "Tenancy": "default"},
        "SecurityGroupId": {"1": "sg-3"},
        "BlockDeviceMapping": {
            "1": {"DeviceName": "/dev/sda", "Ebs": {"VolumeSize": "8"}},
            "2": {
                "DeviceName": "/dev/sdb",
                "Ebs": {"VolumeSize": "9", "VolumeType": "gp3"},
            },
            "3": {"DeviceName": "/dev/sdc"},
        },
        "TagSpecification": {
            "1": {"ResourceType": "instance"},
            "2": {"ResourceType": "volume"},
        },
        "MinCount": "1",
    }


_TREES = some.recursive(
    some.text(max_size=3),
    lambda inner: some.dictionaries(
        some.sampled_from(["1", "2", "x", "BlockDeviceMapping", "TagSpecification"]),
        inner,
        max_size=3,
    ),
    max_leaves=9,
)


@given(
    some.dictionaries(some.sampled_from(["BlockDeviceMapping", "KeyName"]), _TREES),
    some.dictionaries(some.sampled_from(["BlockDeviceMapping", "KeyName"]), _TREES),
)
def test_any_two_forms_go_over_each_other_or_are_refused(under: Any, over: Any) -> None:
    try:
        found = laid_over(under, over)
    except Ec2Error:
        return
    assert set(found) == {*under, *over}


def test_it_is_shown_with_small_letters_and_sets() -> None:
    data = asked(
        SecurityGroupId__1="sg-1",
        NetworkInterface__1__SecurityGroupId__1="sg-2",
        TagSpecification__1__Tag__1__Key="k",
    )
    assert shown_data(data) == {
        "securityGroupIdSet": ["sg-1"],
        "networkInterfaceSet": [{"groupSet": ["sg-2"]}],
        "tagSpecificationSet": [{"tagSet": [{"key": "k"}]}],
    }
