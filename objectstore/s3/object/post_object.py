"""POST of an object: an upload from a browser's form."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from hmac import compare_digest, digest
from typing import Any
from urllib.parse import quote, urlencode

from objectstore.kernel.reply import HeaderList, Reply
from objectstore.s3.access.authorize import Permission, authorize
from objectstore.s3.bucket_places import enter_bucket
from objectstore.s3.caller import Caller
from objectstore.s3.errors import S3Error
from objectstore.s3.lifecycle.headers import of_written
from objectstore.s3.names import check_key
from objectstore.s3.notify.announce import announce
from objectstore.s3.object import tags
from objectstore.s3.object.customer_key import read_customer_key
from objectstore.s3.object.encryption import sse_headers
from objectstore.s3.object.lock_headers import lock_to_store
from objectstore.s3.object.post_policy import check_form, parse_post_policy
from objectstore.s3.object.put import note_created, write_failure
from objectstore.s3.object.reply_headers import version_headers
from objectstore.s3.object.sealed_file import (
    SEALED_FORM_BYTES_MAX,
    form_memory,
    sealed_file,
)
from objectstore.s3.object.upload_headers import upload_headers
from objectstore.s3.operation import Operation
from objectstore.s3.payload.checksums import announced
from objectstore.s3.payload.form_stream import Form, FormStream
from objectstore.s3.payload.open import UPLOAD_BYTES_MAX
from objectstore.s3.signing.authenticate import Authenticator
from objectstore.s3.signing.claim import Verified
from objectstore.s3.signing.mismatch import mismatch
from objectstore.s3.signing.signing_key import sign
from objectstore.s3.signing.sigv4 import ALGORITHM, Scope
from objectstore.s3.xml.write import document, text

_CUSTOMER_KEY = "x-amz-server-side-encryption-customer-"
_NOT_IN_FORMS = (
    "HTTP_X_AMZ_COPY_SOURCE",
    "HTTP_X_AMZ_CONTENT_SHA256",
    # A form has no trailer; what kind of checksum it has is said by its field.
    "HTTP_X_AMZ_TRAILER",
    "HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM",
)
# What a URL is made of beside letters and digits.
_URL_SIGNS = ":/?#[]@!$&'()*+,;=%"
_OLD_SIGNATURE = ("AWSAccessKeyId", "signature")
# Fields that become headers of the upload.
_HEADERS = frozenset(
    {
        "cache-control",
        "content-type",
        "content-disposition",
        "content-encoding",
        "expires",
    }
)


def post_object(operation: Operation, authenticator: Authenticator) -> Reply:
    """POST of a form to a bucket."""
    stream = FormStream(
        operation.environ["wsgi.input"], operation.header("Content-Type")
    )
    form = stream.read_form()
    fields = form.fields
    key = fields.get("key", "").replace("${filename}", _base_name(form.file_name))
    if not key:
        raise _lacking("key")
    check_key(key)
    most_bytes = UPLOAD_BYTES_MAX
    if any(name.startswith(_CUSTOMER_KEY) for name in fields):
        most_bytes = SEALED_FORM_BYTES_MAX
    stream.limit(0, most_bytes)
    if "policy" in fields:
        operation.caller = _signed_by(fields, authenticator)
        policy = parse_post_policy(fields["policy"])
        said = {**fields, "key": key, "bucket": operation.bucket}
        check_form(policy, said, operation.now())
        if policy.length_range is not None:
            least, most = policy.length_range
            stream.limit(least, min(most, most_bytes))
    elif "x-amz-signature" in fields or "signature" in fields:
        raise _lacking("policy")
    return _store(operation, form, stream, key)


def _store(operation: Operation, form: Form, stream: FormStream, key: str) -> Reply:
    uploading = Operation(
        _environ(operation, form), operation.house, operation.bucket, key
    )
    uploading.caller = operation.caller
    uploading.context.identity = operation.caller.identity
    enter_bucket(uploading)
    operation.bucket_facts = uploading.bucket_facts
    authorize(uploading, "s3:PutObject", Permission(name="WRITE"))
    headers = upload_headers(uploading)
    headers.update(lock_to_store(uploading))
    headers["Transfer-Encoding"] = "chunked"
    stream.expect(announced(uploading.environ))
    customer_key = read_customer_key(uploading)
    with ExitStack() as held:
        body: Any = stream
        if customer_key is not None:
            held.enter_context(form_memory())
            body = sealed_file(stream, customer_key, headers)
        answer = uploading.ask_object("PUT", headers=headers, stream=body)
    if stream.failure is not None:
        answer.close()
        raise stream.failure
    if not answer.is_success:
        raise write_failure(uploading, answer)
    answer.discard()
    etag = answer.get("etag").strip('"')
    base = f"{operation.environ.get('wsgi.url_scheme', 'http')}://{operation.header('Host')}"
    location = f"{base}/{operation.bucket}/{quote(key)}"
    reply: HeaderList = [("ETag", f'"{etag}"'), *version_headers(answer)]
    reply += customer_key.reply_headers() if customer_key is not None else []
    reply += of_written(uploading, headers, stream.size)
    note_created(uploading, "Post", answer, stream.size)
    announce(uploading, uploading.events)
    return _answer(form.fields, reply + sse_headers(headers), location, operation, key)


def _answer(
    fields: dict[str, str],
    headers: HeaderList,
    location: str,
    operation: Operation,
    key: str,
) -> Reply:
    etag = headers[0][1]
    redirect = fields.get("success_action_redirect") or fields.get("redirect", "")
    if redirect.startswith(("http://", "https://")) and redirect.isprintable():
        joint = "&" if "?" in redirect else "?"
        told = urlencode({"bucket": operation.bucket, "key": key, "etag": etag})
        # What the form's owner wrote may hold anything printable, a header may not.
        target = f"{quote(redirect, safe=_URL_SIGNS)}{joint}{told}"
        return Reply(303, b"", [*headers, ("Location", target)])
    status = fields.get("success_action_status", "204")
    headers = [*headers, ("Location", location)]
    if status != "201":
        return Reply(200 if status == "200" else 204, b"", headers)
    body = document(
        "PostResponse",
        text("Location", location),
        text("Bucket", operation.bucket),
        text("Key", key),
        text("ETag", etag),
        namespace="",
    )
    return Reply(201, body, headers, "application/xml")


def _environ(operation: Operation, form: Form) -> dict[str, object]:
    """An upload's environ: of the browser's headers nothing but the host, of the
    form's fields what an upload may say."""
    made = {
        name: value
        for name, value in operation.environ.items()
        if not name.startswith(("HTTP_", "CONTENT_"))
    }
    made["HTTP_HOST"] = operation.environ.get("HTTP_HOST", "")
    made["QUERY_STRING"] = ""
    made["REQUEST_METHOD"] = "PUT"
    for name, value in form.fields.items():
        if name == "acl":
            name = "x-amz-acl"
        elif name == "tagging":
            # A document here, where an upload's header is a query.
            name = "x-amz-tagging"
            value = tags.to_stored(tags.from_xml(value.encode()))
        if name not in _HEADERS and not name.startswith("x-amz-"):
            continue
        key = name.upper().replace("-", "_")
        carried = value.encode().decode("latin-1").replace("\r", "").replace("\n", "")
        made[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = carried
    for name in _NOT_IN_FORMS:
        made.pop(name, None)
    return made


def _lacking(name: str) -> S3Error:
    return S3Error(
        "InvalidArgument",
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please "
        "check the order of the fields.",
        ArgumentName=name,
        ArgumentValue="",
    )


def _signed_by(fields: dict[str, str], authenticator: Authenticator) -> Caller:
    if "x-amz-signature" in fields:
        return authenticator.verify(_FormClaim(fields, authenticator))
    if "x-amz-credential" in fields:
        raise _lacking("x-amz-signature")
    for name in _OLD_SIGNATURE:
        if name.lower() not in fields:
            raise _lacking(name)
    return authenticator.verify(_OldFormClaim(fields))


class _FormClaim:
    """A form signed with Signature Version 4."""

    def __init__(self, fields: dict[str, str], authenticator: Authenticator) -> None:
        if fields.get("x-amz-algorithm") != ALGORITHM:
            raise S3Error("InvalidArgument", "X-Amz-Algorithm is missing or wrong")
        credential = fields.get("x-amz-credential", "")
        self._scope = Scope(credential, "InvalidArgument")
        self._fields = fields
        self._keys = authenticator.keys
        self.access_key = self._scope.access_key
        self.token = fields.get("x-amz-security-token", "")

    def verify(self, secret: str) -> Verified:
        """See ``claim.Claim``."""
        scope = self._scope
        key = self._keys.key(secret, scope.date, scope.region, scope.service)
        expected = sign(key, self._fields["policy"])
        given = self._fields["x-amz-signature"]
        if not compare_digest(expected.encode(), given.encode()):
            raise _mismatch(self.access_key, self._fields["policy"], given)
        return Verified(self.access_key, auth_type="POST")


class _OldFormClaim:
    """A form signed with Signature Version 2."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields
        self.access_key = fields["awsaccesskeyid"]
        self.token = fields.get("x-amz-security-token", "")

    def verify(self, secret: str) -> Verified:
        """See ``claim.Claim``."""
        raw = digest(secret.encode(), self._fields["policy"].encode(), "sha1")
        given = self._fields["signature"]
        if not compare_digest(base64.b64encode(raw), given.encode()):
            raise _mismatch(self.access_key, self._fields["policy"], given)
        return Verified(self.access_key, version="AWS", auth_type="POST")


def _mismatch(access_key: str, policy: str, given: str) -> S3Error:
    """What is signed of a form is its policy, as it stands in it."""
    as_wsgi = [text.encode().decode("latin-1") for text in (access_key, given)]
    return mismatch(as_wsgi[0], policy.encode(), as_wsgi[1])


def _base_name(file_name: str) -> str:
    return file_name.replace("\\", "/").rpartition("/")[2]
