"""The system metadata in which the S3 face keeps what Swift has no word for.

One place for the names; lower case as answers are read, since header names have
no case.  ``TRANSIENT`` ones are replaced by a POST together with the user's
metadata, the others are written with the data and stay.
"""

from __future__ import annotations

OBJECT = "x-object-sysmeta-s3-"
TRANSIENT = "x-object-transient-sysmeta-s3-"
CONTAINER = "x-container-sysmeta-s3-"

ETAG = OBJECT + "etag"  # the S3 ETag where it is not the MD5 of the data
CHECKSUM = OBJECT + "checksum"  # ALGORITHM:TYPE:base64
UPLOAD_ID = OBJECT + "upload-id"  # of the multipart upload that made the object
PART_SIZES = OBJECT + "part-sizes"  # run lengths: "5242880x3,17"
STORAGE_CLASS = OBJECT + "storage-class"
REDIRECT = OBJECT + "redirect"  # x-amz-website-redirect-location
SSE = OBJECT + "sse"  # AES256 or aws:kms: what the client asked for
SSE_KEY = OBJECT + "sse-key"  # the key that is encrypted with, as he spelled it,
SSE_SECRET = OBJECT + "sse-secret"  # and as the encryption filter knows it
SSE_C = OBJECT + "sse-c"  # how the client's key encrypted it
RETENTION = OBJECT + "retention"  # MODE:seconds, as set with the data
LEGAL_HOLD = OBJECT + "legal-hold"  # ON, as set with the data
OWNER = OBJECT + "owner"  # who wrote it, when not the bucket's owner
TAGS = TRANSIENT + "tags"
# Names of metadata that have underscores: on their way they become dashes.
SPELLING = TRANSIENT + "spelling"
ACL = TRANSIENT + "acl"

SLO_ETAG = "x-object-sysmeta-slo-etag"  # of a manifest's segments, as slo keeps it

# Set when the first multipart upload of a bucket begins: until then no write has to
# look whether it replaces a multipart object.
CONTAINER_MULTIPART = CONTAINER + "multipart"
CONTAINER_CREATED = CONTAINER + "created"  # seconds: when S3 made the bucket

# The headers that say what ETag and size a container's listing shows.
LISTING_ETAG = "x-object-sysmeta-container-update-override-etag"
LISTING_SIZE = "x-object-sysmeta-container-update-override-size"
# Of the container of parts: manifests elsewhere may name them, also when the bucket is
# gone.
CONTAINER_ARCHIVED = CONTAINER + "archived"
