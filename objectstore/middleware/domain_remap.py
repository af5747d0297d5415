"""domain_remap: accounts and containers in host names.

With ``storage_domain = example.com``:

* ``container.account.example.com/object`` is ``/v1/account/container/object``;
* ``account.example.com/container/object`` is ``/v1/account/container/object``.

Host names know neither capitals nor underscores: ``auth-test`` is found to be
``AUTH_test`` by ``reseller_prefixes``; names without any of them get
``default_reseller_prefix``, or are left alone.  More than two names before the
domain are 400 ``Bad domain in host header``.

::

    [filter:domain_remap]
    use = egg:ringstack#domain_remap
    storage_domain = example.com
    path_root = v1
    reseller_prefixes = AUTH
    default_reseller_prefix =
    # true: a path that begins with /v1 is not one more directory
    mangle_client_paths = false
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from objectstore.kernel.errors import Rejected
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.storage_domains import as_domains, domain_of, split_host

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "cname_lookup")
BEFORE = ("cors", "tempurl", "formpost", "tempauth", "staticweb", "copy", "ratelimit")


@dataclass(frozen=True, slots=True)
class DomainRemapSettings:
    """Which host names stand for what."""

    storage_domain: tuple[str, ...] = option(("example.com",), "The store's domains")
    path_root: str = option("v1", "The API version in the paths made")
    reseller_prefixes: tuple[str, ...] = option(("AUTH",), "Prefixes of accounts")
    default_reseller_prefix: str = option("", "Put before names without one")
    mangle_client_paths: bool = option(False, "Strip the version from paths sent")


class DomainRemap:
    """The filter; see the module's docstring."""

    def __init__(self, app: Application, settings: DomainRemapSettings) -> None:
        self.app = app
        self._settings = settings
        self._domains = as_domains(settings.storage_domain)
        self._root = settings.path_root.strip("/")
        self._prefixes = {
            prefix.rstrip("_").lower(): prefix.rstrip("_")
            for prefix in settings.reseller_prefixes
        }

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        prefix = self._settings.default_reseller_prefix
        registry.add("domain_remap", default_reseller_prefix=prefix)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Rewrite the path of requests to our domains."""
        host = environ.get("HTTP_HOST", "")
        if host and self._domains:
            name, _ = split_host(host)
            domain = domain_of(name, self._domains)
            if domain:
                self._remap(Request(environ), name.removesuffix(domain))
        return self.app(environ, start_response)

    def _remap(self, request: Request, name: str) -> None:
        labels = name.split(".")
        if len(labels) > 2 or not all(labels):
            raise Rejected(400, "Bad domain in host header")
        account = self._account(labels[-1])
        if not account:
            return
        parts = ["", self._root, account]
        if len(labels) == 2:
            parts.append(labels[0])
        path = request.path.removeprefix("/")
        root = self._root + "/"
        if self._settings.mangle_client_paths and f"{path}/".startswith(root):
            path = path[len(root) :]
        # "/" is the container itself, with the slash that web sites ask for.
        parts.append(path)
        remapped = "/".join(parts)
        if len(labels) == 1 and not path:
            remapped = remapped.rstrip("/")
        request.set_path(remapped)

    def _account(self, label: str) -> str:
        """The account that the label stands for; "" when it is none of ours."""
        name = label
        if "_" not in name and "-" in name:
            name = name.replace("-", "_", 1)
        prefix, _, rest = name.partition("_")
        if rest and prefix in self._prefixes:
            return f"{self._prefixes[prefix]}_{rest}"
        default = self._settings.default_reseller_prefix.rstrip("_")
        return f"{default}_{label}" if default else ""


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(
        DomainRemapSettings, "domain_remap", global_conf, local_conf
    )
    return lambda app: DomainRemap(app, settings)
