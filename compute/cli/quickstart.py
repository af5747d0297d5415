"""From a bare checkout to a cloud that has booted a server from an image in its ring.

Run by ``bin/quickstart``, which prepares the virtual environment and, as root, the
packages that a host of guests needs.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

import click
from openstack.exceptions import SDKException
from swiftclient import ClientException

from compute.cli import waiting
from compute.cli.first_server import FirstServer, write_environment
from compute.cli.layout import CloudPlan, LaidOutCloud, lay_out_cloud
from objectstore.cli import quickstart as store_quickstart
from objectstore.cli import roundtrip
from objectstore.cli.layout import LOOPBACK
from objectstore.cli.process import STOP_SECONDS_MAX, StartFailed
from objectstore.cli.quickstart import (
    HOME,
    NODE_PORT_OFFSET,
    console,
    data_option,
    fail,
    port_option,
)

HOST_PROGRAMS = ("qemu-system-x86_64", "qemu-img", "libvirtd", "dnsmasq", "nft", "ip")


@click.command(name="quickstart")
@click.option(
    "--check", is_flag=True, help="Stop after the demonstration; exit 1 if it fails."
)
@data_option
@port_option
@click.option(
    "--cloud-port",
    type=click.IntRange(1024, 65535),
    default=5000,
    show_default=True,
    help="The cloud's port on loopback.",
)
@click.option(
    "--hypervisor",
    type=click.Choice(["auto", "libvirt", "sim"]),
    default="auto",
    show_default=True,
    help="Real servers (QEMU under libvirt), simulated ones, or what is possible.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="With --store-only: processes that share the work.",
)
@click.option("--store-only", is_flag=True, help="Only the object store.")
@click.pass_context
def main(
    context: click.Context,
    check: bool,
    data: Path,
    port: int,
    cloud_port: int,
    hypervisor: str,
    workers: int,
    store_only: bool,
) -> None:
    """Start a cloud on loopback, put files into its store, boot a server from it.

    Uploads the sources of Python's standard library and compares every byte; then
    builds a small guest image, uploads it, boots a server from it, shows its console
    and serves until Ctrl-C.  Data survives: the next run goes on with it.
    """
    if store_only:
        context.invoke(
            store_quickstart.main, check=check, data=data, port=port, workers=workers
        )
        return
    if cloud_port in (port, port + NODE_PORT_OFFSET):
        fail(
            f"the object store itself takes {port} and {port + NODE_PORT_OFFSET}:"
            " choose another --cloud-port"
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kind = _choose(hypervisor)
    ports = (port, port + NODE_PORT_OFFSET, cloud_port)
    store_quickstart.refuse_taken(ports, "--port or --cloud-port")
    try:
        store_quickstart.refuse_full(data.absolute())
        place = lay_out_cloud(data.absolute(), _plan(port, cloud_port, kind))
        server = place.server(outlives_us=False)
        with server.running():
            console.print(f"cloud is up on {LOOPBACK}:{cloud_port} (data in {data})")
            intact = _demonstrate(place, port, kind)
            if check:
                sys.exit(0 if intact else 1)
            _tell_how_to_go_on(place, port, kind)
            waiting.become(server.pid, str(place.log), STOP_SECONDS_MAX)
    except StartFailed as error:
        fail(str(error))
    except (ClientException, SDKException) as error:
        fail(f"{error} (the cloud's log: {place.log})")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        fail(f"{where}{error.strerror or error}")
    except KeyboardInterrupt:
        console.print("stopped; the data stays")


def _plan(port: int, cloud_port: int, kind: str) -> CloudPlan:
    return CloudPlan(
        cloud_port,
        port,
        port + NODE_PORT_OFFSET,
        sections={
            "agent": {"hypervisor": kind, "ends_with_us": "yes"},
            "volume": {"driver": _volumes(kind), "ends_with_us": "yes"},
            "network-agent": {"driver": _networks(kind)},
            "balancer-agent": {"driver": _balancers(kind)},
        },
    )


def _volumes(kind: str) -> str:
    """Simulated guests read nothing: their volumes need no place.  They are gone with
    the process, which ``_tell_how_to_go_on`` says."""
    return "files" if kind == "libvirt" else "memory"


def _networks(kind: str) -> str:
    """Simulated guests have no cards that anything could be plugged into."""
    return "linux" if kind == "libvirt" else "sim"


def _balancers(kind: str) -> str:
    """Where there are no networks nothing could be balanced either."""
    return "haproxy" if kind == "libvirt" else "sim"


def _choose(wanted: str) -> str:
    """libvirt or sim; says what is missing for the former."""
    missing = [name for name in HOST_PROGRAMS if shutil.which(name) is None]
    if os.geteuid() != 0:
        missing.append("root")
    if find_spec("libvirt") is None:
        missing.append("Python's libvirt binding")
    if wanted == "sim" or not missing:
        return "libvirt" if wanted != "sim" else "sim"
    if wanted == "libvirt":
        fail(f"real servers need what is missing here: {', '.join(missing)}")
    console.print(f"servers are simulated: missing {', '.join(missing)}")
    return "sim"


def _demonstrate(place: LaidOutCloud, port: int, kind: str) -> bool:
    """Files in and out, then a server; whether all of it was right."""
    user, key = store_quickstart.USER, store_quickstart.KEY
    account = roundtrip.Account(f"http://{LOOPBACK}:{port}", user, key)
    intact = store_quickstart.show(account)
    return FirstServer(place, console, is_real=kind == "libvirt").show() and intact


def _tell_how_to_go_on(place: LaidOutCloud, port: int, kind: str) -> None:
    openrc = write_environment(place)
    openstack = quote(str(HOME / ".venv" / "bin" / "openstack"))
    console.print(
        f"\n  http://{LOOPBACK}:{place.plan.port}/  in a browser, as admin; password:"
        f" {place.state / 'admin-password'}\n\n"
        f"  . {quote(str(openrc))}\n  {openstack} server list\n"
        f"  {openstack} object store account show\n\n"
        f"  Swift (v1 auth)  http://{LOOPBACK}:{port}/auth/v1.0  "
        f"{store_quickstart.USER} / {store_quickstart.KEY}\n\n"
        f"serving until Ctrl-C{_what_is_lost(kind)}",
        soft_wrap=True,
    )


def _what_is_lost(kind: str) -> str:
    if _volumes(kind) != "memory":
        return ""
    return " (volumes of simulated servers are in memory and end with it)"
