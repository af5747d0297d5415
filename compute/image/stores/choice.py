"""The stores that the settings name, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from compute.core.rooms.room import RoomParts
from compute.core.rooms.service_account import ServiceAccount
from compute.image.imports.web import Web
from compute.image.settings import ImageSettings
from compute.image.stores.file import FileStore
from compute.image.stores.http import HttpStore
from compute.image.stores.port import ImageStore
from compute.image.stores.ring import ring_store
from compute.image.stores.s3 import s3_client, s3_store
from objectstore.kernel.settings import BadSettings, Mistake


def build_stores(
    parts: RoomParts, settings: ImageSettings, web: Web
) -> Mapping[str, ImageStore]:
    """By id, the default first.  ``BadSettings`` when they cannot be had."""
    builders: Mapping[str, Callable[[], ImageStore]] = {
        "ring": lambda: ring_store(
            ServiceAccount(parts.callers["object-store"], parts.tokens, parts.service),
            settings.segment_bytes,
        ),
        "file": lambda: FileStore(settings.file_directory),
        "http": lambda: HttpStore(web),
        "s3": lambda: _s3(settings),
    }
    unknown = [name for name in settings.stores if name not in builders]
    if unknown or not settings.stores or settings.stores[0] == "http":
        shown = ", ".join(unknown) or "none that can be written comes first"
        raise _mistake("stores", f"no such store: {shown}")
    return {name: builders[name]() for name in settings.stores}


def _s3(settings: ImageSettings) -> ImageStore:
    if not settings.s3_bucket or settings.s3_secret_file is None:
        raise _mistake("s3_bucket", "the s3 store needs s3_bucket and s3_secret_file")
    try:
        secret = settings.s3_secret_file.read_text("utf-8").strip()
    except OSError as error:
        raise _mistake("s3_secret_file", error.strerror or str(error)) from None
    try:
        client = s3_client(
            settings.s3_endpoint, settings.s3_region, settings.s3_access_key, secret
        )
    except ImportError:
        raise _mistake(
            "stores", "the s3 store needs boto3 (the extra s3images)"
        ) from None
    return s3_store(client, settings.s3_bucket)


def _mistake(option: str, text: str) -> BadSettings:
    return BadSettings([Mistake("", "image", option, text)])
