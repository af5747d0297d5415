"""Checks of the configuration documents that are short.  Pure."""

from __future__ import annotations

from objectstore.s3.errors import S3Error
from objectstore.s3.object.tags import BUCKET_TAGS_MAX, Tags, tags_of
from objectstore.s3.xml.read import read_document


def parse_bucket_tags(text: str) -> Tags:
    """A bucket's ``Tagging``."""
    return tags_of(read_document(text.encode(), "Tagging"), BUCKET_TAGS_MAX)


def parse_payment(text: str) -> str:
    """A ``RequestPaymentConfiguration``: who pays; nobody is billed here."""
    payer = read_document(text.encode(), "RequestPaymentConfiguration").get("Payer")
    if payer != "BucketOwner":
        if payer == "Requester":
            raise S3Error("NotImplemented", "Requester pays is not supported")
        raise S3Error("MalformedXML")
    return payer
