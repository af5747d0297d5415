"""Gophercloud's acceptance tests: the library that Terraform, Kubernetes and Packer
reach clouds by.

Its source is Debian's (``golang-github-gophercloud-gophercloud-dev``, and ``golang-go``
to build it).  Tests are an administrator's; those that skip themselves for one are run
again as somebody else.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from test.conformance.environments import NotInstalled
from test.conformance.go_events import junit_of
from test.conformance.people import (
    IMAGE,
    NETWORK,
    PASSWORD,
    REGION,
    SUBNET,
    settle,
)
from test.conformance.suite import Selection, Stage, Suite

SOURCES = Path("/usr/share/gocode")
LIBRARY = "github.com/gophercloud/gophercloud"
ROOT = f"{LIBRARY}/acceptance/openstack"
# Not among them: services that are not here (placement, firewalls, VPNs, trunks, load
# balancers of the network service), and versions of APIs that nobody has left.
PACKAGES = (
    "blockstorage/extensions",
    "blockstorage/v3",
    "compute/v2",
    "identity/v3",
    "imageservice/v2",
    "keymanager/v1",
    "loadbalancer/v2",
    "networking/v2",
    *(
        f"networking/v2/extensions{each}"
        for each in (
            "",
            "/agents",
            "/dns",
            "/layer3",
            "/mtu",
            "/networkipavailabilities",
            "/portsbinding",
            "/qos/...",
            "/quotas",
            "/rbacpolicies",
            "/subnetpools",
            "/vlantransparent",
        )
    ),
    "objectstorage/v1",
    "orchestration/v1",
)
PEOPLE = ("admin", "demo")
TIME_MAX = "40m"
SCRIPT, RESULTS = "run.sh", "results.xml"
# One package after another: tests count what their project has.  (Some wait five
# minutes for a state that is over: simulated guests are fast.)
LINES = """\
run() {{
    . ./$1.env
    {go} test -json -count=1 -p 1 -timeout {time} -tags acceptance \\
        -run "$2" {packages} > $1.events
}}
run admin "$1"
skipped=$(sed -n 's/.*"Action":"skip".*"Test":"\\([^"/]*\\)".*/\\1/p' admin.events)
run demo "^($(echo $skipped | tr ' ' '|'))$"
"""


class GophercloudSuite(Suite):
    """Built by Debian's Go, without modules: there is nothing to fetch."""

    def configure(self, stage: Stage) -> None:
        """What tests use, two people, and the script that runs the tests."""
        go = shutil.which("go")
        if go is None or not (SOURCES / "src" / LIBRARY).is_dir():
            raise NotInstalled("golang-go, golang-github-gophercloud-gophercloud-dev")
        settle(stage.cloud, stage.directory)
        secrets = dict(
            zip(PEOPLE, (stage.cloud.place.admin_password, PASSWORD), strict=True)
        )
        for person, secret in secrets.items():
            lines = (f"export OS_USERNAME={person}", f"export OS_PASSWORD={secret}")
            path = stage.directory / f"{person}.env"
            path.touch(mode=0o600)
            path.write_text("\n".join((*lines, "")), "utf-8")
        (stage.directory / SCRIPT).write_text(
            LINES.format(
                go=shlex.quote(go),
                time=TIME_MAX,
                packages=" ".join(f"{ROOT}/{each}" for each in PACKAGES),
            ),
            "utf-8",
        )

    def variables(self, stage: Stage) -> Mapping[str, str]:
        """The cloud, and what of it the tests may use."""
        connection: Any = stage.cloud.sdk()
        network, compute = connection.network, connection.compute
        external = next(network.networks(is_router_external=True))
        return {
            "GO111MODULE": "off",
            "GOPATH": str(SOURCES),
            "GOCACHE": str(stage.environment.directory / "go-cache"),
            # It reads no other variable of a user's domain than this.
            "OS_DOMAIN_ID": "default",
            "OS_AUTH_URL": f"{stage.cloud.url}/identity/v3",
            "OS_PROJECT_NAME": PEOPLE[1],
            "OS_REGION_NAME": REGION,
            "OS_IMAGE_ID": connection.image.find_image(IMAGE).id,
            "OS_FLAVOR_ID": compute.find_flavor("m1.tiny").id,
            "OS_FLAVOR_ID_RESIZE": compute.find_flavor("m1.small").id,
            "OS_NETWORK_NAME": NETWORK,
            "OS_NETWORK_ID": network.find_network(NETWORK).id,
            "OS_SUBNET_ID": network.find_subnet(SUBNET).id,
            "OS_EXTGW_ID": external.id,
            "OS_POOL_NAME": external.name,
            "OS_PORTFORWARDING_ENVIRONMENT": "true",
        }

    def command(self, stage: Stage, selection: Selection) -> list[str]:
        """The script; the pattern is one of ``-run``."""
        return ["sh", str(stage.directory / SCRIPT), selection.pattern]

    def results(self, stage: Stage) -> Path:
        """Made of Go's own events."""
        lines: list[str] = []
        for person in PEOPLE:
            events = stage.directory / f"{person}.events"
            if events.exists():
                lines += events.read_text("utf-8", "replace").splitlines()
        path = stage.directory / RESULTS
        if lines:
            ElementTree.ElementTree(junit_of(lines, ROOT)).write(path)
        return path


SUITE = GophercloudSuite(
    "gophercloud",
    "the library of Terraform's provider: gophercloud's acceptance tests",
    (),
    pattern="Test",
)
