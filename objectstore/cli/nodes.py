"""``objectstore nodes``: which devices hold a name, and where to ask them."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any

import click

from objectstore.cli.names import HANDOFFS_SHOWN, Named, locate, split_name
from objectstore.cli.outside import Outside, settings_option
from objectstore.cli.show import as_json_option, console, print_json, print_table
from objectstore.wire.serving import SECRET_HEADER
from ring.device import Device


@click.command()
@click.argument("name", nargs=-1, required=True)
@settings_option
@as_json_option
@click.option("--policy", type=int, help="Of an object; default: its container's.")
@click.option(
    "--handoffs",
    type=click.IntRange(min=0),
    default=HANDOFFS_SHOWN,
    show_default=True,
    help="How many devices after the primaries.",
)
def nodes(
    name: tuple[str, ...],
    settings_file: Path,
    as_json: bool,
    policy: int | None,
    handoffs: int,
) -> None:
    """Show partition, primaries and handoffs of ACCOUNT [CONTAINER [OBJECT]]."""
    outside = Outside.load(settings_file)
    named = locate(outside, split_name(name), policy, handoffs)
    if as_json:
        print_json(
            {
                "name": named.path,
                "ring": named.ring_name,
                "policy": named.policy,
                "key": named.key.hex(),
                "partition": named.partition,
                "primaries": [_facts(named, each) for each in named.primaries],
                "handoffs": [_facts(named, each) for each in named.handoffs],
            }
        )
        return
    console.print(f"name       {named.path}")
    console.print(f"ring       {named.ring_name}, partition {named.partition}")
    console.print(f"key        {named.key.hex()}")
    rows = [(role, *_row(device)) for role, device in with_roles(named)]
    print_table("", ("role", "id", "region", "zone", "server", "device"), rows)
    console.print("\nask them (the secret is in cluster.conf):")
    curl = f'curl{_papers(outside)} -H "{SECRET_HEADER}: $SECRET"'
    for _, device in with_roles(named):
        console.print(f"  {curl} {named.url(device)}")


def _papers(outside: Outside) -> str:
    """What curl shows and believes where nodes speak TLS."""
    tls = outside.settings.tls
    if not tls.authority:
        return ""
    return f" --cacert {quote(str(tls.authority))} --cert {quote(str(tls.certificate))}"


def with_roles(named: Named) -> list[tuple[str, Device]]:
    """Primaries, then handoffs."""
    rows = [(f"primary {n}", device) for n, device in enumerate(named.primaries)]
    return rows + [(f"handoff {n}", each) for n, each in enumerate(named.handoffs)]


def _row(device: Device) -> tuple[Any, ...]:
    server = f"{device.ip}:{device.port}"
    return device.id, device.region, device.zone, server, device.device


def _facts(named: Named, device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "region": device.region,
        "zone": device.zone,
        "ip": device.ip,
        "port": device.port,
        "device": device.device,
        "url": named.url(device),
    }
