"""Another host of the cloud: its agent and a guest, in the namespace of the process.

    python -m test.functional.compute.network_agent.far_host DIRECTORY ADDRESS PORT

Prints the host's public key.  For each line that it is given, it takes the view in
``DIRECTORY/view``, does what is to be done, sees that the guest at the port of that
name is plugged in, and prints what is the matter ("": nothing).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from compute.network.agent.host.tunnel_key import own_public_key
from compute.network.agent.settings import AgentSettings
from compute.network.view_wire import decode_view
from test.functional.compute.network_agent.cloud import Cloud


def main(directory: str, address: str, name: str) -> None:
    cloud = Cloud()
    state = Path(directory, "state")
    cloud.settings = AgentSettings(
        "far", state, tunnel_address=address, tunnel_key=own_public_key(state)
    )
    cloud.start_agent()
    print(cloud.settings.tunnel_key, flush=True)
    for _ in sys.stdin:
        view = decode_view(Path(directory, "view").read_bytes())
        cloud.control.view = replace(view, revision=cloud.view.revision + 1)
        cloud.agent.look_soon()
        cloud.loop.once()
        if name not in cloud.guests:
            guest = cloud.boot(name)
            (fixed,) = guest.port.addresses
            guest.run("ip", "address", "add", f"{fixed.address}/24", "dev", "eth0")
        print(cloud.control.reports[-1].problem, flush=True)
    for guest in cloud.guests.values():
        guest.unplug()


if __name__ == "__main__":
    main(*sys.argv[1:])
