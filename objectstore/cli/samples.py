"""``objectstore settings``: sample settings files, made from the definitions."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

import click

from objectstore.app.check import find_mistakes
from objectstore.app.pipeline import PIPELINE_SECTION, SERVER_NAME
from objectstore.kernel.settings import render_sample
from objectstore.middleware.order import DEFAULT_PIPELINE
from objectstore.middleware.tempauth import TempauthSettings
from objectstore.policy_settings import PolicySettings
from objectstore.settings import (
    CLUSTER_FILE_NAME,
    PROXY_SECTION,
    SERVER_SECTIONS,
    ClusterSettings,
)

CLUSTER = "cluster"
SECRET_BYTES = 24
# What a server of its own says that the defaults do not.  Each kind of node has a
# port, and so rings whose devices carry that port, and sockets of its own.
SERVERS: dict[str, dict[str, str]] = {
    "store": {},
    "proxy-server": {"roles": "proxy", "run": "/run/ringstack/proxy"},
    "object-server": {
        "roles": "object",
        "node_address": "127.0.0.1:6200",
        "run": "/run/ringstack/object",
    },
    "container-server": {
        "roles": "container",
        "node_address": "127.0.0.1:6201",
        "run": "/run/ringstack/container",
    },
    "account-server": {
        "roles": "account",
        "node_address": "127.0.0.1:6202",
        "run": "/run/ringstack/account",
    },
}
# The sections that only a server with devices reads.
DEVICE_SECTIONS = frozenset({"replication", "daemons"})

_CLUSTER_HEAD = """\
# The same file on every machine of a cluster, readable by the servers only.
# Never change the hash prefix and suffix: every stored name depends on them.
# "objectstore settings sample cluster --fresh" prints this file with new secrets.
"""
_SERVER_HEAD = """\
# {command} FILE
# Options with a # are at their defaults.  The cluster's secrets and policies are in
# cluster.conf beside this file; SIGHUP makes the server read both again, unless
# "objectstore settings check FILE" finds mistakes.
"""
_PIPELINE = """\
[{section}]
# The filters around the proxy, from the outside in: doc/api/filters.md.  Each has
# a section [filter:NAME] for its options, if it needs any.

# pipeline = {filters}
"""
_USERS = """\
use = egg:ringstack#tempauth
# Users: user_ACCOUNT_NAME = KEY [GROUP ...]; .admin owns the account, and
# .reseller_admin every account.
# user_test_tester = testing .admin"""


@click.group()
def settings() -> None:
    """Show every setting and its default, or check a file."""


@settings.command()
@click.argument(
    "what", metavar="FILE", type=click.Choice([*SERVERS, CLUSTER, "server"])
)
@click.option("--fresh", is_flag=True, help="With new secrets (cluster).")
def sample(what: str, fresh: bool) -> None:
    """Print a sample file; "server" is the same as "store".

    FILE is store, proxy-server, object-server, container-server, account-server or
    cluster.
    """
    if what == CLUSTER:
        click.echo(cluster_sample(fresh=fresh), nl=False)
    else:
        click.echo(server_sample("store" if what == "server" else what), nl=False)


@settings.command("write-samples", short_help="Write every sample file into DIRECTORY.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def write_samples(directory: Path) -> None:
    """Write every sample file into DIRECTORY, over those of that name.

    The tree's own etc/ is made so.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in all_samples().items():
        (directory / name).write_text(text, "utf-8")
        click.echo(directory / name)


@settings.command(short_help="List every mistake of a settings file.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def check(file: Path) -> None:
    """Read FILE and its cluster file; exit 2 and list every mistake if there are."""
    mistakes = find_mistakes(file.absolute())
    for mistake in mistakes:
        click.echo(mistake, err=True)
    if mistakes:
        raise click.exceptions.Exit(2)
    click.echo("no mistakes")


def all_samples() -> dict[str, str]:
    """File name -> text of every sample."""
    found = {f"{name}.conf": server_sample(name) for name in SERVERS}
    found[CLUSTER_FILE_NAME] = cluster_sample()
    return found


def server_sample(name: str) -> str:
    """A server's file; ``name`` is one of ``SERVERS``."""
    values = SERVERS[name]
    roles = values.get("roles", "proxy, object")
    command = "objectstore serve" if name == "store" else f"bin/objectstore-{name}"
    parts = [_SERVER_HEAD.format(command=command)]
    for section, kind in SERVER_SECTIONS:
        if section in DEVICE_SECTIONS and roles == "proxy":
            continue
        if section == PROXY_SECTION and "proxy" not in roles:
            continue
        given = values if section == "server" else {}
        parts.append(render_sample(section, kind, values=given))
    if "proxy" in roles:
        filters = " ".join((*DEFAULT_PIPELINE, SERVER_NAME))
        parts.append(_PIPELINE.format(section=PIPELINE_SECTION, filters=filters))
        parts.append(render_sample("filter:tempauth", TempauthSettings, extra=_USERS))
    return "\n".join(parts)


def cluster_sample(*, fresh: bool = False) -> str:
    """The cluster's file; ``fresh``: with secrets that nobody else has."""
    values: Mapping[str, str] = {}
    if fresh:
        names = ("hash_prefix", "hash_suffix", "secret")
        values = {name: secrets.token_hex(SECRET_BYTES) for name in names}
    cluster = render_sample(CLUSTER, ClusterSettings, values=values)
    policy = render_sample(
        "storage-policy:0",
        PolicySettings,
        values={"name": "Policy-0", "default": "true"},
    )
    return "\n".join((_CLUSTER_HEAD, cluster, policy))
