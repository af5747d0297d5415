"""What an operator can choose of the image service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from objectstore.kernel.option_types import Seconds, Size
from objectstore.kernel.settings import option

GIB = 2**30
TIB = 2**40


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """The image service."""

    stores: tuple[str, ...] = option(
        ("ring",),
        "Where images may be kept: ring, file, http, s3; the first is the default",
    )
    segment_bytes: Size = option(
        64 * 2**20,
        "How many bytes of an image make one object of the ring",
        minimum=2**20,
    )
    file_directory: Path = option(
        Path("/var/lib/ringstack/images"), "Where the file store keeps images"
    )
    s3_endpoint: str = option("", "The S3 service's URL; empty: Amazon's own")
    s3_bucket: str = option("", "The S3 bucket that holds the images")
    s3_region: str = option("us-east-1", "The S3 region")
    s3_access_key: str = option("", "The S3 access key")
    s3_secret_file: Path | None = option(None, "The file that holds the S3 secret key")
    image_bytes_max: Size = option(
        1 * TIB, "The largest image that is taken", minimum=1
    )
    project_bytes_max: Size = option(
        0, "What the images of a project may take in all; 0: without bound", minimum=0
    )
    project_images_max: int = option(
        0, "How many images a project may have; 0: without bound", minimum=0
    )
    import_methods: tuple[str, ...] = option(
        ("glance-direct", "web-download", "copy-image", "glance-download"),
        "Ways of import: glance-direct, web-download, copy-image, glance-download",
    )
    web_schemes: tuple[str, ...] = option(
        ("http", "https"), "URL schemes that web-download takes"
    )
    web_ports: tuple[int, ...] = option(
        (80, 443), "Ports that web-download connects to; empty: any"
    )
    web_hosts: tuple[str, ...] = option(
        (), "Host names that web-download may ask; empty: any"
    )
    web_hosts_refused: tuple[str, ...] = option(
        (), "Host names that web-download never asks"
    )
    web_networks_allowed: tuple[str, ...] = option(
        (),
        "Private or loopback networks (CIDR) that web-download may reach all the same",
    )
    web_rate_min: Size = option(
        64 * 1024,
        "Bytes a second that a server has to send after a minute of waiting for it",
        minimum=1,
    )
    upload_lease: Seconds = option(
        45.0,
        "How long after the death of a process its uploads are cleared away",
        minimum=1,
    )
    hold_lease: Seconds = option(
        86400.0,
        "How long the bytes of a deleted image wait for a host whose guests read them"
        " and which is not heard of",
        minimum=60,
    )
    imports_max: int = option(2, "Imports that one process works on at once", minimum=1)
    deleted_kept: Seconds = option(
        30 * 86400.0, "How long the id of a deleted image stays taken", minimum=0
    )
