"""``AWS::S3::Bucket``."""

from __future__ import annotations

from compute.orchestration.frame.work import Work
from compute.orchestration.resources.aws.computing import TAGS
from compute.orchestration.resources.aws.stand_in import (
    IT,
    Resources,
    StandIn,
    resource,
)
from compute.orchestration.resources.frame.schemas import attributes, items, text

_READERS = {
    "Private": None,
    "PublicRead": ".r:*,.rlistings",
    "AuthenticatedRead": "*:*",
}


class Bucket(StandIn):
    """A container."""

    name = "AWS::S3::Bucket"
    description = "A bucket in the object store."
    properties = {
        "AccessControl": text("Who may read it", one_of=tuple(_READERS), live=True),
        "BucketName": text("Its name"),
        "Tags": items("Noted by nobody", TAGS, live=True),
    }
    attributes = attributes(WebsiteURL="Its address, below the object store's")
    asks = {"WebsiteURL": "RootURL"}

    def resources(self, work: Work) -> Resources:
        """A container."""
        given = work.properties
        properties = {"name": given["BucketName"]}
        readers = _READERS.get(given["AccessControl"] or "Private")
        properties["X-Container-Read"] = readers
        return {IT: resource("OS::Swift::Container", **properties)}


TYPES = (Bucket(),)
