"""encryption: what clients store is encrypted before it leaves the proxy.

Bodies, the values of user metadata, and ETags (in listings too) are encrypted with
AES-256-GCM; names, sizes, content types and what filters keep of their own (but ETags
of listings) are not.  Clients notice nothing: ETags, sizes, ranges and conditions are
those of the plain bytes.  What was stored before stays readable as it is; so does
everything when ``disable_encryption`` stops new data from being encrypted.

Each path has a key of its own, made of a root secret; each body a random one, wrapped
with its path's.  To rotate the root secret add a new one under an id and make it the
active one; the old ones must stay as long as there is data of theirs.  Whoever loses
them loses the data.

It must be the last filter, and in the pipelines of all proxies: without it clients
would get encrypted bytes.

::

    [filter:encryption]
    use = egg:ringstack#encryption
    # at least 32 bytes in base64 (openssl rand -base64 32); with _ID behind it, further
    # ones
    encryption_root_secret = ...
    encryption_root_secret_2027 = ...
    # which of them new data is encrypted with; empty: the one without an id
    active_root_secret_id =
    # keys that S3's clients may name (SSE-KMS), as long as a root secret
    kms_key_NAME = ...
    # a file with a section [keymaster] that holds all these instead
    keymaster_config_path =
    disable_encryption = false
    # encrypt only what is asked for through S3: objects whose upload says
    # x-amz-server-side-encryption, and all in buckets with a default encryption
    only_on_request = false
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from objectstore.kernel.conditions import unquoted
from objectstore.kernel.reply import Reply, text_reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option, read_file
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.crypto.blocks import (
    sealed_size,
)
from objectstore.middleware.crypto.conditions import widen_conditions
from objectstore.middleware.crypto.keys import (
    ACTIVE,
    KeyIsGone,
    Keys,
    is_secret,
    read_keys,
)
from objectstore.middleware.crypto.metadata import open_metadata, seal_metadata
from objectstore.middleware.crypto.reading import (
    Described,
    Opened,
    describe_body,
    ranged,
    without_key,
)
from objectstore.middleware.crypto.sealed_input import SealedInput
from objectstore.middleware.crypto.stored import (
    BODY,
    ETAG,
    ETAG_MAC,
    ListedEtags,
    opened_header,
    opened_listing,
)
from objectstore.middleware.filter_options import FilterMaker, read_options
from objectstore.middleware.subrequest import (
    ask,
    read_reply,
)
from objectstore.wire.rows import LISTED_ETAG, LISTED_SIZE

AFTER = (
    "catch_errors",
    "gatekeeper",
    "info",
    "copy",
    "account_quotas",
    "container_quotas",
    "slo",
    "dlo",
    "symlink",
    "versioned_writes",
    "object_versioning",
)

LISTING_BYTES_MAX = 64 * 1024 * 1024
# What the S3 face says with an object that is to be encrypted.
ASKED = "X-Object-Sysmeta-S3-Sse"
ASKED_KEY = "X-Object-Sysmeta-S3-Sse-Secret"


@dataclass(frozen=True, slots=True)
class EncryptionSettings:
    """Where the secrets are; whether new data is encrypted."""

    keymaster_config_path: str = option("", "A file with a [keymaster] section")
    disable_encryption: bool = option(False, "Read what is encrypted, add no more")
    only_on_request: bool = option(False, "Encrypt what S3's clients ask it for")


class Encryption:
    """The filter; see the module's docstring."""

    def __init__(
        self, app: Application, settings: EncryptionSettings, keys: Keys
    ) -> None:
        self.app = app
        self._keys = keys
        self._encrypts = not settings.disable_encryption
        self._waits = settings.only_on_request

    @property
    def encrypts(self) -> str:
        """What is encrypted, for the S3 face: ``all``, ``asked`` or nothing."""
        if not self._encrypts:
            return ""
        return "asked" if self._waits else "all"

    def has_kms_key(self, name: str) -> bool:
        """Whether S3's clients may name that key."""
        return self._keys.has_named(name)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``, operators only."""
        registry.add_admin("encryption", enabled=self._encrypts)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Encrypt what comes in, decrypt what goes out."""
        request = Request(environ)
        version, account, container, name = request.split()
        method = request.method
        if not container or version not in API_VERSIONS:
            return self.app(environ, start_response)
        if not name:
            if method != "GET":
                return self.app(environ, start_response)
            reply = self._list(request, account, container)
        elif method in ("GET", "HEAD"):
            reply = self._read(request, (account, container, name))
        elif method == "PUT" and self._encrypts and self._is_wanted(request):
            reply = self._put(request, (account, container, name))
        elif method == "POST" and self._encrypts and not self._waits:
            seal_metadata(request, self._keys.current(account, container, name))
            reply = self._without_own(ask(self.app, environ))
        elif method in ("PUT", "DELETE"):
            # What is to be replaced may be encrypted, though this is not.
            widen_conditions(request, self._keys, (account, container, name))
            return self.app(environ, start_response)
        else:
            return self.app(environ, start_response)
        return reply(environ, start_response)

    # ---- writing -----------------------------------------------------------------

    def _is_wanted(self, request: Request) -> bool:
        return not self._waits or request.has_header(ASKED)

    def _put(self, request: Request, path: tuple[str, str, str]) -> Reply:
        named = request.header(ASKED_KEY)
        if named and not self._keys.has_named(named):
            # A bucket's default may outlive its key, and Swift's clients write there.
            return text_reply(409, "The key that this is to be encrypted with is gone.")
        key = self._keys.current(*path)
        if named:
            key = self._keys.named(named, *path)
        seal_metadata(request, key)
        widen_conditions(request, self._keys, path)
        length = request.content_length
        listed = ListedEtags(
            self._keys.current(*path[:2]),
            request.header(LISTED_ETAG),
            has_size=request.has_header(LISTED_SIZE),
        )
        announced = unquoted(request.header("Etag").strip()).lower()
        body = SealedInput(request.body, length, key, listed, announced)
        request.remove_header("Etag")
        request.environ["wsgi.input"] = body
        if length is not None:
            request.environ["CONTENT_LENGTH"] = str(sealed_size(length))
        reply = ask(self.app, request.environ)
        if 200 <= reply.status < 300:
            reply.set_header("Etag", body.etag)
        return reply

    # ---- reading -----------------------------------------------------------------

    def _read(self, request: Request, path: tuple[str, str, str]) -> Reply:
        context = request.context
        others = (*context.whole_if, *context.unconditional_if)
        widen_conditions(request, self._keys, path)
        if BODY not in context.whole_if:
            context.whole_if = (*context.whole_if, BODY)
        reply = ask(self.app, request.environ)
        try:
            open_metadata(reply, self._keys, path)
            if not reply.header(BODY):
                return reply
            described = describe_body(self._keys, reply, path)
        except KeyIsGone:
            return without_key(request, reply)
        reply = self._without_own(reply)
        self._show_listed(reply, described, path)
        reply.set_header("Etag", described.etag)
        if reply.status != 200:
            return reply
        reply.set_header("Content-Length", str(described.size))
        if request.method == "HEAD":
            return reply
        if "HTTP_RANGE" in request.environ and not any(
            reply.header(name) for name in others
        ):
            return ranged(self.app, request, reply, described)
        reply.body = Opened(reply.body, described, (0, described.size))
        return reply

    @staticmethod
    def _without_own(reply: Reply) -> Reply:
        own = (BODY, ETAG, ETAG_MAC)
        reply.headers = [pair for pair in reply.headers if pair[0] not in own]
        return reply

    def _show_listed(
        self, reply: Reply, described: Described, path: tuple[str, str, str]
    ) -> None:
        """What filters further out had said of listings, as they said it."""
        if not described.has_listed:
            reply.remove_header(LISTED_ETAG)
        else:
            sealed = reply.header(LISTED_ETAG)
            opened = opened_header(self._keys, path[0], path[1], sealed)
            reply.set_header(LISTED_ETAG, opened)
        if not described.has_size:
            reply.remove_header(LISTED_SIZE)

    def _list(self, request: Request, account: str, container: str) -> Reply:
        reply = ask(self.app, request.environ)
        kind = reply.header("Content-Type")
        if reply.status != 200 or kind.startswith("text/plain"):
            return reply
        body = read_reply(reply, LISTING_BYTES_MAX)
        body = opened_listing(self._keys, account, container, body)
        reply.set_header("Content-Length", str(len(body)))
        reply.body = [body]
        return reply


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    special = [name for name in local_conf if is_secret(name) or name == ACTIVE]
    settings = read_options(
        EncryptionSettings, "encryption", global_conf, local_conf, ignore=special
    )
    options: dict[str, str] = dict(local_conf)
    source = global_conf.get("__file__", "")
    if settings.keymaster_config_path:
        source = settings.keymaster_config_path
        options = read_file(Path(source)).get("keymaster", {})
    keys = read_keys(options, source)
    return lambda app: Encryption(app, settings, keys)
