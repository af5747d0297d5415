"""The form that an STS request carries: small, read once, put back."""

from __future__ import annotations

import io

from objectstore.kernel.request import Environ
from objectstore.s3.errors import S3Error

# A session policy of 2,048 characters, encoded, and the rest.
BODY_BYTES_MAX = 16 * 1024


def read_sts_body(environ: Environ) -> bytes:
    """The body; whoever reads ``wsgi.input`` later gets it again."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if int(length) > BODY_BYTES_MAX:
        raise S3Error("MaxMessageLengthExceeded")
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
