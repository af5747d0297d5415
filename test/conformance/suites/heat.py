"""Heat's plugin of tempest: its API by gabbi, and what stacks do."""

from __future__ import annotations

from typing import Any

from test.conformance.cloud import FLAVORS, IMAGES
from test.conformance.suite import Stage
from test.conformance.tempest.configuration import Configuration
from test.conformance.tempest.suite import TempestSuite

PERSON = "heat-tester"
PASSWORD = "a-tester-of-stacks"
NETWORK, SUBNET = "heat-net", "heat-subnet"
# They need guests that run, with curl and cloud-init in them.
GUESTS_SCENARIOS = (
    "LoadBalancerTest",
    "CfnInitIntegrationTest",
    "ServerSignalIntegrationTest",
    "SoftwareConfigIntegrationTest",
    "VolumeBackupRestoreIntegrationTest",
)
CIDR = "10.77.0.0/24"


def _added(stage: Stage) -> Configuration:
    connection = stage.cloud.sdk()
    external = next(connection.network.networks(is_router_external=True))
    _make_person(connection, external.id)
    auth_url = f"{stage.cloud.url}/identity/v3"
    return {
        "service_available": {
            "heat": "true",
            "aodh": "true",
            "gnocchi": "true",
            "octavia": "true",
            # There are none.
            "zaqar": "false",
            "barbican": "false",
            "designate": "false",
        },
        "heat_plugin": {
            "auth_url": auth_url,
            "username": PERSON,
            "password": PASSWORD,
            "project_name": PERSON,
            "admin_username": "admin",
            "admin_password": stage.cloud.place.admin_password,
            "admin_project_name": "admin",
            "user_domain_id": "default",
            "user_domain_name": "Default",
            "project_domain_id": "default",
            "project_domain_name": "Default",
            "region": "RegionOne",
            "instance_type": FLAVORS[1],
            "minimal_instance_type": FLAVORS[0],
            "image_ref": IMAGES[0],
            "minimal_image_ref": IMAGES[0],
            "fixed_network_name": NETWORK,
            "network_for_ssh": NETWORK,
            "fixed_subnet_name": SUBNET,
            "floating_network_name": external.name,
            "build_interval": "1",
            "build_timeout": "120",
            **_skipped(stage),
        },
        "heat_features_enabled": {
            "stack_cancel": "true",
            # A stack of another cloud would need Barbican, for its credentials.
            "multi_cloud": "false",
        },
    }


def _skipped(stage: Stage) -> dict[str, str]:
    """Tests that wait for what a guest does when hosts only play that they have one."""
    if stage.is_real:
        return {}
    return {
        "skip_functional_test_list": "OSWaitCondition",
        "skip_scenario_test_list": ",".join(GUESTS_SCENARIOS),
    }


def _make_person(connection: Any, external_id: str) -> None:
    """A user with a project, and a network in it that leads outside."""
    identity, network = connection.identity, connection.network
    project = identity.create_project(name=PERSON)
    user = identity.create_user(
        name=PERSON, password=PASSWORD, default_project_id=project.id
    )
    role = identity.find_role("member")
    identity.assign_project_role_to_user(project, user, role)
    net = network.create_network(name=NETWORK, project_id=project.id)
    subnet = network.create_subnet(
        name=SUBNET,
        network_id=net.id,
        project_id=project.id,
        ip_version=4,
        cidr=CIDR,
    )
    router = network.create_router(
        name="heat-router",
        project_id=project.id,
        external_gateway_info={"network_id": external_id},
    )
    network.add_interface_to_router(router, subnet_id=subnet.id)


SUITE = TempestSuite(
    "heat",
    "stacks: heat's API and its functional tests",
    ("heat-tempest-plugin==3.0.0",),
    pattern=r"^heat_tempest_plugin",
    added=_added,
)
