"""The text of each settings file on each host.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from compute.deploy.inventory import Inventory
from compute.deploy.model import Host, Part, Secrets
from compute.deploy.remote.places import AUTHORITY, CERTIFICATE, RUN, SETTINGS, STATE
from compute.deploy.store_policies import policies_of
from compute.settings import ROOM_ROLES, Role
from ring.device import bracketed

# Shown to who asks for a name; and whom hosts believe when they call the cloud.
PUBLIC_CERTIFICATE = f"{SETTINGS}/public-certificate.pem"
TRUSTED = f"{SETTINGS}/trusted.pem"
SERVICE_PASSWORD = f"{SETTINGS}/service-password"
PROVIDERS = f"{SETTINGS}/federation.conf"
Sections = dict[str, dict[str, str]]
_HEAD = "# Written by ringstack deploy: change the inventory instead.\n\n"


class AlreadySet(ValueError):
    """The inventory sets what the deployment sets itself."""


def cluster_conf(inventory: Inventory, secrets: Secrets) -> str:
    """The same on every host of the store."""
    sections: Sections = {
        "cluster": {
            "hash_suffix": secrets.hash_suffix,
            "secret": secrets.cluster_secret,
        }
    }
    for index, policy in enumerate(policies_of(inventory.store)):
        section = {"name": policy.name, **policy.settings}
        if index == 0:
            section["default"] = "yes"
        sections[f"storage-policy:{index}"] = section
    return render(sections)


def store_conf(inventory: Inventory, secrets: Secrets, host: Host) -> str:
    """Of a store node, a proxy, or one process that is both."""
    store = inventory.store
    roles = ["proxy"] if host.plays(Part.PROXY) else []
    if host.plays(Part.STORE):
        roles += ["account", "container", "object"]
    here = bracketed(host.address)
    sections: Sections = {
        "server": {
            "roles": ", ".join(roles),
            "public_address": f"{here}:{store.port}",
            "node_address": f"{here}:{store.node_port}",
            "devices": str(store.devices),
            "rings": SETTINGS,
            "run": f"{RUN}/store",
            "workers": str(store.workers),
            "mount_check": "yes" if store.mount_check else "no",
        },
        "filter:tempauth": {
            "use": "egg:ringstack#tempauth",
            "token_secret": secrets.token_secret,
            **{
                f"user_{user.account}_{user.name}": " ".join(
                    (secrets.user_keys[user.login], *user.groups)
                )
                for user in inventory.users
            },
        },
    }
    if inventory.playing(Part.CONTROL):
        sections["filter:identity"] = {
            "use": "egg:ringstack#identity",
            "auth_url": f"{public_url(inventory)}/identity",
            "service_password_file": SERVICE_PASSWORD,
            **({"ca_file": TRUSTED} if inventory.cloud.tls else {}),
        }
    sections |= _tls(inventory, nodes=True)
    return render(_joined("store.conf", sections, inventory))


def cloud_conf(inventory: Inventory, host: Host) -> str:
    """Of a control host."""
    cloud = inventory.cloud
    sections: Sections = {
        "cloud": {
            # All of them, of volumes too: what stands before asks any of them anything.
            "roles": ", ".join(role.value for role in ROOM_ROLES),
            "public_address": f"{bracketed(host.address)}:{cloud.port}",
            "public_url": public_url(inventory),
            "agent_url": f"{scheme(inventory)}://{bracketed(host.address)}:{cloud.port}",
            "object_store_url": store_url(inventory),
            "region": cloud.region,
            "host": host.name,
            "state": f"{STATE}/cloud",
            "service_password_file": SERVICE_PASSWORD,
            **({"database": cloud.database} if cloud.database else {}),
        },
        **({"network": {"encrypt_tunnels": "yes"}} if cloud.encrypt_tunnels else {}),
        **({"identity": {"federation_file": PROVIDERS}} if cloud.federation else {}),
        **_tls(inventory),
    }
    return render(_joined("cloud.conf", sections, inventory))


def agent_conf(inventory: Inventory, host: Host) -> str:
    """Of a compute host."""
    cloud, url = inventory.cloud, public_url(inventory)
    roles = [Role.AGENT.value]
    if host.plays(Part.NETWORK):
        roles += [Role.NETWORK_AGENT.value, Role.BALANCER_AGENT.value]
    rooms = {
        f"{role.value.replace('-', '_')}_url": f"{url}/{role.value}"
        for role in ROOM_ROLES
    }
    sections: Sections = {
        "cloud": {
            "roles": ", ".join(roles),
            "public_address": f"{bracketed(host.address)}:{cloud.agent_port}",
            **rooms,
            "object_store_url": store_url(inventory),
            "region": cloud.region,
            "host": host.name,
            "state": f"{STATE}/agent",
            "service_password_file": SERVICE_PASSWORD,
        },
        "agent": {"hypervisor": host.hypervisor},
        **_tls(inventory),
    }
    return render(_joined("agent.conf", sections, inventory))


def public_url(inventory: Inventory) -> str:
    """How clients reach the cloud."""
    if inventory.cloud.public_url:
        return inventory.cloud.public_url.rstrip("/")
    first = inventory.playing(Part.CONTROL)[0]
    return f"{scheme(inventory)}://{bracketed(first.address)}:{inventory.cloud.port}"


def store_url(inventory: Inventory) -> str:
    """How clients reach the store."""
    if inventory.cloud.store_url:
        return inventory.cloud.store_url.rstrip("/")
    first = inventory.playing(Part.PROXY)[0]
    return f"{scheme(inventory)}://{bracketed(first.address)}:{inventory.store.port}"


def scheme(inventory: Inventory) -> str:
    """What every listener speaks."""
    return "https" if inventory.cloud.tls else "http"


def names_of(inventory: Inventory, host: Host) -> set[str]:
    """How others reach a host: what its certificate is for."""
    names = {host.address, host.name}
    if host.plays(Part.CONTROL):
        names.add(urlsplit(public_url(inventory)).hostname or "")
    if host.plays(Part.PROXY):
        names.add(urlsplit(store_url(inventory)).hostname or "")
    return names - {""}


def _tls(inventory: Inventory, *, nodes: bool = False) -> Sections:
    """``nodes``: of servers that call each other with certificates on both sides."""
    if not inventory.cloud.tls:
        return {}
    sections = {"tls": {"certificate": CERTIFICATE}}
    if inventory.cloud.certificate is not None:
        sections["tls"]["public_certificate"] = PUBLIC_CERTIFICATE
    if nodes:
        sections["tls"]["authority"] = AUTHORITY
    else:
        sections["client"] = {"ca_file": TRUSTED}
    return sections


def render(sections: Mapping[str, Mapping[str, str]]) -> str:
    """An INI file."""
    return _HEAD + "\n".join(
        f"[{name}]\n" + "".join(_option(key, options[key]) for key in options)
        for name, options in sections.items()
    )


def _option(name: str, value: str) -> str:
    """Further lines of a value are indented, or they would be options of their own."""
    return f"{name} = {value}".replace("\n", "\n  ") + "\n"


def _joined(file: str, sections: Sections, inventory: Inventory) -> Sections:
    """With the inventory's further options.  Raises ``AlreadySet``."""
    joined = {name: dict(options) for name, options in sections.items()}
    for name, options in inventory.extras[file].items():
        taken = sorted(set(options) & set(sections.get(name, {})))
        if taken:
            raise AlreadySet(f"[{file}:{name}] {', '.join(taken)}: is set by deploy")
        joined.setdefault(name, {}).update(options)
    return joined
