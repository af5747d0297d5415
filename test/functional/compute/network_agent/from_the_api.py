"""From the network room's API to packets: the room, the agent and a real kernel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from compute.instance.client import InstanceClient
from compute.network.agent.service import NetworkAgentService, missing_requirements
from compute.network.agent.settings import NetworkAgentSettings
from compute.network.client import NewPort
from objectstore.client.in_process import InProcessCaller
from objectstore.kernel.clock import SystemClock
from objectstore.kernel.reply import Reply
from objectstore.kernel.request import Environ, StartResponse
from test.functional.compute.network_agent.cloud import wait_for
from test.functional.compute.network_agent.guests import Guest, run
from test.unit.compute.network.house import HOST, OWNER, House


def instances(environ: Environ, start_response: StartResponse) -> Any:
    """An instance room that knows one server and one path of its metadata."""
    found = environ["PATH_INFO"] == "/internal/servers/server-1/metadata"
    found = found and environ["QUERY_STRING"] == "path=%2Flatest%2Fmeta-data%2Fhostname"
    reply = Reply(200, b"web.novalocal", None, "text/plain") if found else Reply(404)
    return reply(environ, start_response)


def the_network_api_is_obeyed() -> None:
    assert missing_requirements() == []
    with tempfile.TemporaryDirectory(prefix="ringstack-agent-") as name:
        directory = Path(name)
        house = House(directory)
        # An agent that was never heard gets no routers: it reports first.
        agent = NetworkAgentService(
            HOST,
            directory / "agent",
            NetworkAgentSettings(),
            network=house.client,
            instances=InstanceClient(InProcessCaller(instances), house.tokens),
            bus=house.bus,
            clock=SystemClock(),
        )
        agent.start()
        wait_for("the first report", lambda: house.list("agent", roles="admin"))
        try:
            _live(house, directory)
            wait_for("no leftovers", lambda: agent.strays() == [])
        finally:
            agent.stop()
        agent.take_down()
        assert "rs" not in run("ip", "netns") and "rsbr-" not in run("ip", "link")
        assert "ringstack" not in run("nft", "list", "tables")
        house.close()


def _live(house: House, directory: Path) -> None:
    network = house.client.default_network(OWNER)
    new = NewPort(network.id, device_id="server-1", host=HOST, dns_name="web")
    (port,) = house.client.create_ports(OWNER, [new])
    # No look is due for seconds: it is the message that wakes the agent.
    wait_for("ACTIVE", lambda: house.show("port", port.id)["status"] == "ACTIVE")
    (seen,) = (one for one in house.view().ports if one.id == port.id)
    guest = Guest("guest-web", seen, directory)
    guest.plug_in()
    assert guest.dhcp()["ip"] == port.addresses[0]
    url = "http://169.254.169.254/latest/meta-data/"
    assert guest.run("curl", "-s", "-m", "5", url + "hostname") == "web.novalocal"
    missing = ("-o", "/dev/null", "-w", "%{http_code}", url + "no-such")
    assert guest.run("curl", "-s", "-m", "5", *missing) == "404"

    floating = house.make(
        "floatingip", floating_network_id=house.external()["id"], port_id=port.id
    )
    address = floating["floating_ip_address"]
    wait_for(
        "the floating address",
        lambda: house.show("floatingip", floating["id"])["status"] == "ACTIVE",
    )
    ping = ("ping", "-c", "1", "-W", "1", address)
    assert "100% packet loss" in run(*ping, check=False)
    (group,) = house.list("security_group")
    house.make(
        "security_group_rule",
        security_group_id=group["id"],
        direction="ingress",
        ethertype="IPv4",
        protocol="icmp",
    )
    wait_for("an answer", lambda: " 0% packet loss" in run(*ping, check=False))
    assert guest.pings("172.24.4.1")

    guest.unplug()
    assert house.delete("floatingip", floating["id"]).status == 204
    house.client.delete_port(port.id)
    wait_for("no tap", lambda: "tap" not in run("ip", "-br", "link"))
