"""A cloud with EC2's API, and a tenant of it with boto3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from compute.agent.disks.qcow2 import empty_image
from test.functional.compute.ec2.shapes import unknown_elements
from test.functional.compute.house import SIMULATED, RunningCloud, running_cloud

GIB = 1 << 30
PASSWORD = "a password of nobody else"


def check_elements(
    operation_model: Any, response_dict: dict[str, Any], **_: Any
) -> None:
    """Nothing is answered that a client would pass over in silence."""
    if response_dict["status_code"] == 200 and operation_model.output_shape:
        shape = operation_model.output_shape
        assert not unknown_elements(response_dict["body"], shape)


@dataclass(frozen=True, slots=True)
class Tenant:
    """Somebody with a project and a key; ``sdk`` is the same person with OpenStack's
    client."""

    cloud: RunningCloud
    project: str
    access: str
    secret: str
    sdk: Any

    def client(self, **changes: Any) -> Any:
        given = {
            "endpoint_url": f"{self.cloud.url}/ec2",
            "region_name": "RegionOne",
            "aws_access_key_id": self.access,
            "aws_secret_access_key": self.secret,
            "config": Config(retries={"max_attempts": 0}),
            **changes,
        }
        client = boto3.client("ec2", **given)
        client.meta.events.register("before-parse.ec2", check_elements)
        return client

    @property
    def ec2(self) -> Any:
        return self.client()

    def wait(self, name: str, **wanted: Any) -> None:
        """boto3's own waiter, asking more often than it would by itself."""
        more = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 90}}
        self.ec2.get_waiter(name).wait(**wanted, **more)


@dataclass(frozen=True, slots=True)
class Ec2Cloud:
    cloud: RunningCloud

    def tenant(self, name: str) -> Tenant:
        admin = self.cloud.sdk()
        project = admin.identity.create_project(name=name)
        user = admin.identity.create_user(
            name=name, password=PASSWORD, default_project_id=project.id
        )
        member = admin.identity.find_role("member")
        admin.identity.assign_project_role_to_user(project, user, member)
        sdk = self.cloud.sdk(username=name, password=PASSWORD, project_name=name)
        path = f"/users/{user.id}/credentials/OS-EC2"
        key = sdk.identity.post(path, json={"tenant_id": project.id}).json()
        key = key["credential"]
        return Tenant(self.cloud, project.id, key["access"], key["secret"], sdk)


@pytest.fixture(scope="session")
def ec2_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ec2Cloud]:
    directory: Path = tmp_path_factory.mktemp("ec2")
    with running_cloud(directory / "c", roles=(*SIMULATED, "ec2")) as cloud:
        admin = cloud.sdk()
        outer = admin.network.create_network(name="outside", is_router_external=True)
        admin.network.create_subnet(
            network_id=outer.id, ip_version=4, cidr="203.0.113.0/24", enable_dhcp=False
        )
        admin.create_flavor("m1.small", ram=512, vcpus=1, disk=1)
        admin.create_flavor("m1.large", ram=1024, vcpus=2, disk=2)
        disk = directory / "tiny.qcow2"
        disk.write_bytes(empty_image(GIB))
        admin.create_image(
            "tiny", filename=str(disk), disk_format="qcow2",
            container_format="bare", visibility="public", wait=True,
        )  # fmt: skip
        yield Ec2Cloud(cloud)


@pytest.fixture(scope="session")
def tenant(ec2_cloud: Ec2Cloud) -> Tenant:
    """With a network of one's own, and a way out of it."""
    found = ec2_cloud.tenant("ann")
    sdk = found.sdk
    network = sdk.network.create_network(name="inner")
    subnet = sdk.network.create_subnet(
        network_id=network.id, ip_version=4, cidr="10.7.0.0/24", name="inner"
    )
    outer = sdk.network.find_network("outside")
    router = sdk.network.create_router(
        name="door", external_gateway_info={"network_id": outer.id}
    )
    sdk.network.add_interface_to_router(router, subnet_id=subnet.id)
    return found


@pytest.fixture(scope="session")
def subnet(tenant: Tenant) -> str:
    """The id of the tenant's own."""
    own = [{"Name": "cidr-block", "Values": ["10.7.0.0/24"]}]
    return str(tenant.ec2.describe_subnets(Filters=own)["Subnets"][0]["SubnetId"])


@pytest.fixture(scope="session")
def image(tenant: Tenant) -> str:
    named = [{"Name": "name", "Values": ["tiny"]}]
    return str(tenant.ec2.describe_images(Filters=named)["Images"][0]["ImageId"])
