"""``ringstack deploy``: check, plan, apply, upgrade, status of a list of machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from compute.cli.deploy_mistakes import told
from compute.cli.deploy_shown import (
    show_away,
    show_plans,
    show_remarks,
    show_rings,
    show_standing,
)
from compute.deploy.deployment import Deployment, Stopped
from compute.deploy.draining import devices_left, guests_left
from compute.deploy.fleet import Fleet
from compute.deploy.going_back import why_not_back
from compute.deploy.inventory import Inventory, load_inventory
from compute.deploy.release import build_release, lacks_codes
from compute.deploy.site import Site
from compute.deploy.standing import standing
from compute.deploy.store_devices import ask_recon, ill_devices
from compute.deploy.store_policies import coded_by_ring
from compute.deploy.survey import planned_rings, survey

inventory_argument = click.argument(
    "inventory_file",
    metavar="INVENTORY",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
interrupt_option = click.option(
    "--interrupt",
    is_flag=True,
    help="Restart everything at once where it must be: TLS on, off, another authority.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def deploy() -> None:
    """Deploy the cloud on the machines of INVENTORY, and look after it.

    Killed or failed, any of these may be run again: it goes on from what it finds.
    """


@contextmanager
def _fleet(inventory_file: Path) -> Iterator[tuple[Inventory, Site, Fleet]]:
    inventory = load_inventory(inventory_file)
    site = Site.of(inventory_file)
    site.make()
    if inventory.cloud.known_hosts is None:
        text = "hosts' keys are believed when first seen, and kept in"
        click.echo(
            f"no known_hosts in the inventory: {text} {site.known_hosts}", err=True
        )
    with Fleet.connected(inventory, site) as fleet:
        yield inventory, site, fleet


@deploy.command(short_help="Say whether these machines can be deployed.")
@inventory_argument
@json_option
@told
def check(inventory_file: Path, as_json: bool) -> None:
    """Can these machines be deployed?  Exit code 1 if one of them cannot."""
    with _fleet(inventory_file) as (inventory, site, fleet):
        found = survey(fleet, inventory, site)
    told: dict[str, list[tuple[str, str]]] = {}
    for host in inventory.hosts:
        if host in found.away:
            told[host.name] = [("obstacle", found.away[host])]
            continue
        told[host.name] = [
            ("obstacle" if remark.is_obstacle else "warning", remark.text)
            for remark in found.remarks(inventory)[host]
        ]
    if as_json:
        click.echo(json.dumps(told, indent=1))
    else:
        show_remarks(told)
    if any(kind == "obstacle" for each in told.values() for kind, _ in each):
        sys.exit(1)


@deploy.command(short_help="Show what apply would change; change nothing.")
@inventory_argument
@json_option
@told
def plan(inventory_file: Path, as_json: bool) -> None:
    """Show what apply would change on each host; change nothing.

    Exit code 1 if there is anything.
    """
    with _fleet(inventory_file) as (inventory, site, fleet):
        found = survey(fleet, inventory, site)
        guests = guests_left(fleet, inventory, acts=False)
    plans = found.plans(inventory)
    obstacles = {
        host.name: [each.text for each in remarks if each.is_obstacle]
        for host, remarks in found.remarks(inventory).items()
    }
    rings = planned_rings(inventory, site, int(time.time()))
    if as_json:
        shown = {
            host.name: [
                {"kind": each.kind, "subject": each.subject, "lines": each.lines}
                for each in changes
            ]
            for host, changes in plans.items()
        }
        away = {host.name: why for host, why in found.away.items()}
        whole: dict[str, Any] = {"changes": shown, "away": away}
        whole["obstacles"] = obstacles
        whole |= {"rings": rings, "guests": guests}
        click.echo(json.dumps(whole, indent=1))
    else:
        show_away(found.away)
        show_plans(plans, obstacles)
        show_rings(rings, guests)
    todo = [*plans.values(), *obstacles.values(), *rings.values(), guests]
    if found.away or any(todo):
        sys.exit(1)


@deploy.command()
@inventory_argument
@click.option("--forget", multiple=True, help="A host that is lost for good.")
@click.option(
    "--accept-loss", is_flag=True, help="Also where nobody else has what it held."
)
@click.option("--wait", is_flag=True, help="Go on until rings have settled.")
@interrupt_option
@told
def apply(
    inventory_file: Path,
    forget: tuple[str, ...],
    accept_loss: bool,
    wait: bool,
    interrupt: bool,
) -> None:
    """Make the machines what the inventory says.

    Exit code 1 if something is left for a later run: it says what.
    """
    _apply(inventory_file, forget, wait, accept_loss=accept_loss, interrupt=interrupt)


@deploy.command()
@inventory_argument
@interrupt_option
@told
def upgrade(inventory_file: Path, interrupt: bool) -> None:
    """Let the machines run this checkout, one zone at a time.

    Each zone waits until the store is whole.  It stops at the first failure; run it
    again, or ``apply``, when that is mended.
    """
    _apply(inventory_file, interrupt=interrupt, upgrades=True)


@deploy.command()
@inventory_argument
@interrupt_option
@told
def rollback(inventory_file: Path, interrupt: bool) -> None:
    """Let the machines run the release before, one zone at a time.

    Refused where the newer one has changed the database's tables.  If it stops,
    ``apply`` goes on: once more would go forth again, to the one that you came from.
    Settings are the inventory's, as always.
    """
    _apply(inventory_file, interrupt=interrupt, goes_back=True)


def _apply(
    inventory_file: Path,
    forget: tuple[str, ...] = (),
    wait: bool = False,
    *,
    accept_loss: bool = False,
    interrupt: bool = False,
    upgrades: bool = False,
    goes_back: bool = False,
) -> None:
    wished = load_inventory(inventory_file)
    coded = bool(coded_by_ring(wished.store))
    site = Site.of(inventory_file)
    if goes_back:
        # Also before the lock, which would make a site where nothing was deployed.
        _release_before(site)
    with site.locked():
        before = _release_before(site) if goes_back else ""
        if upgrades or not site.release:
            click.echo("building the release")
            site.choose_release(
                build_release(site.releases, wished.cloud.database, with_codes=coded)
            )
            click.echo(f"release {site.release}")
        elif coded and lacks_codes(site.release_file(before or site.release)):
            raise Stopped(
                f"release {before or site.release} cannot keep fragments, which a"
                " storage policy asks for: upgrade"
            )
        with _fleet(inventory_file) as (inventory, _, fleet):
            if goes_back:
                if why := why_not_back(site, before, survey(fleet, inventory, site)):
                    raise Stopped(why)
                site.choose_release(before)
                click.echo(f"release {before}")
            deployment = Deployment(fleet, inventory, site, click.echo)
            left = deployment.apply(
                forget=forget, wait=wait, accept_loss=accept_loss, interrupt=interrupt
            )
    for line in left:
        click.echo(f"left: {line}")
    if left:
        sys.exit(1)
    click.echo("done")


def _release_before(site: Site) -> str:
    if not site.release_before:
        raise Stopped("there is no release before: upgrade from its checkout")
    return site.release_before


@deploy.command(short_help="Print whom clients must believe (OS_CACERT).")
@inventory_argument
@told
def authority(inventory_file: Path) -> None:
    """Print whom clients must believe: certificates for OS_CACERT, AWS_CA_BUNDLE."""
    inventory = load_inventory(inventory_file)
    site = Site.of(inventory_file)
    papers = site.papers(inventory)
    if papers is None:
        raise Stopped("tls = no in the inventory: nothing is encrypted")
    if not site.has_authority:
        raise Stopped("there is none before the first apply")
    click.echo(papers.trusted, nl=False)


@deploy.command(short_help="Show how every host stands, and what is waited for.")
@inventory_argument
@json_option
@told
def status(inventory_file: Path, as_json: bool) -> None:
    """Every host: services, releases, rings, clock, certificates; devices that are full
    or not served; what rings wait for.

    Exit code 1 unless all is as wished.
    """
    with _fleet(inventory_file) as (inventory, site, fleet):
        kept = {host.name: site.kept_certificate(host.name) for host in inventory.hosts}
        found = standing(survey(fleet, inventory, site), kept)
        left, empty = devices_left(fleet, inventory, site)
        left += guests_left(fleet, inventory, acts=False)
        rings = planned_rings(inventory, site, int(time.time()))
        recon = ask_recon(fleet, inventory, site)
        ill = list(ill_devices(recon, inventory)) if recon else []
    if as_json:
        services = [each.plain() for each in found]
        whole = {"services": services, "rings": rings, "left": left, "empty": empty}
        whole["devices"] = ill
        click.echo(json.dumps(whole, indent=1))
    else:
        show_standing(found)
        show_rings(rings, [*ill, *left, *empty])
    if rings or ill or left or not all(each.is_right for each in found):
        sys.exit(1)
