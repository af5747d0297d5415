"""formpost: browsers upload files with an HTML form, without a token.

The form is posted (``multipart/form-data``) to
``/v1/account/container/PREFIX``; each file becomes the object PREFIX + file name.
Fields, before the files:

* ``max_file_size``, ``max_file_count``: bounds, required;
* ``expires``: seconds since the epoch until which the form is good, required;
* ``signature``: the HMAC of ``PATH\\nREDIRECT\\nMAX_FILE_SIZE\\nMAX_FILE_COUNT\\n
  EXPIRES`` (one line each) with a temporary-URL key of the account or container;
  hexadecimal, or ``sha256:`` (``sha512:`` ...) and base64;
* ``redirect``: where to send the browser afterwards (303, with ``status`` and
  ``message`` added to the query); without it the status is the answer;
* ``x_delete_at``, ``x_delete_after``: when the files go away; ``content-type``,
  ``content-encoding``: instead of what the browser says of each file.

400 for bad forms, 401 for expired ones and wrong signatures; otherwise
the status of the last upload.

::

    [filter:formpost]
    use = egg:ringstack#formpost
    allowed_digests = sha256 sha512
"""

from __future__ import annotations

import hmac
import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from objectstore.kernel.access import AccessRules
from objectstore.kernel.clock import Clock, SystemClock
from objectstore.kernel.errors import Rejected
from objectstore.kernel.reply import STATUS_LINES, HeaderList, Reply
from objectstore.kernel.request import Application, Environ, Request, StartResponse
from objectstore.kernel.settings import option
from objectstore.middleware.api_paths import API_VERSIONS
from objectstore.middleware.filter_options import FilterMaker, read_options, words
from objectstore.middleware.iterable_input import IterableInput
from objectstore.middleware.signed.multipart import (
    BOUNDARY_CHARACTERS_MAX,
    BadForm,
    Part,
    parse_value,
    parts_of,
)
from objectstore.middleware.signed.shared_keys import refusal, shared_keys
from objectstore.middleware.signed.signatures import (
    check_digests,
    digests_shown,
    matches_any,
    read_signature,
)
from objectstore.middleware.subrequest import (
    ask,
    read_reply,
    sub_environ,
)

AFTER = ("catch_errors", "gatekeeper", "healthcheck", "info", "cors")
BEFORE = ("tempauth", "copy", "staticweb")

# Longer values are cut: a field is a number, a digest or a URL.
VALUE_BYTES_MAX = 4096
FIELDS_MAX = 100
_ERROR_BYTES_MAX = 4096
_NOT_SIGNED = ("HTTP_X_", "HTTP_CONTENT_", "HTTP_CACHE_CONTROL", "HTTP_EXPIRES")


@dataclass(frozen=True, slots=True)
class FormpostSettings:
    """How forms may be signed."""

    allowed_digests: str = option("sha256 sha512", "Also known: sha1")


class Formpost:
    """The filter; see the module's docstring."""

    def __init__(
        self, app: Application, settings: FormpostSettings, clock: Clock
    ) -> None:
        self.app = app
        self._clock = clock
        self._digests = words(settings.allowed_digests)

    def describe(self, registry: Any) -> None:
        """Tell ``/info``."""
        registry.add("formpost", **digests_shown(self._digests))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """Take forms; hand everything else on."""
        content_type = environ.get("CONTENT_TYPE", "")
        if (
            environ["REQUEST_METHOD"] != "POST"
            or content_type[:19].lower() != "multipart/form-data"
        ):
            return self.app(environ, start_response)
        _, parameters = parse_value(content_type)
        boundary = parameters.get("boundary", "")
        if not boundary or len(boundary) > BOUNDARY_CHARACTERS_MAX:
            return self.app(environ, start_response)
        request = Request(environ)
        version, _, container, _ = request.split()
        if version not in API_VERSIONS or not container:
            # S3 has forms of its own.
            return self.app(environ, start_response)
        try:
            reply = self._take(request, boundary)
        except BadForm as error:
            raise Rejected(400, f"FormPost: {error}") from None
        return reply(environ, start_response)

    def _take(self, request: Request, boundary: str) -> Reply:
        fields: dict[str, str] = {}
        file_count = 0
        status, message = 400, "no files to process"
        for part in parts_of(request.body.read, boundary):
            if not (part.is_form_data and part.filename):
                if len(fields) >= FIELDS_MAX:
                    raise BadForm("too many fields")
                if part.name:
                    fields[part.name.lower()] = part.text(VALUE_BYTES_MAX)
                continue
            file_count += 1
            if file_count > _whole(fields, "max_file_count"):
                status, message = 400, "max file count exceeded"
                break
            self._check(request, fields)
            status, message = self._upload(request, fields, part)
            if status // 100 != 2:
                break
        return _answer(fields.get("redirect", ""), status, message)

    def _check(self, request: Request, fields: dict[str, str]) -> None:
        """Rejected 401 unless the form is still good and signed."""
        version, account, container, _ = request.split()
        if _whole(fields, "expires") < self._clock.time():
            raise refusal(account, "FormPost: Form Expired")
        digest, signature = read_signature(fields.get("signature", ""))
        if digest in self._digests and version == "v1" and container:
            text = "\n".join(
                (
                    request.path,
                    fields.get("redirect", ""),
                    fields.get("max_file_size") or "0",
                    fields.get("max_file_count") or "0",
                    fields.get("expires") or "0",
                )
            ).encode()
            for keys in shared_keys(request, account, container):
                valid = [
                    hmac.new(key.key.encode(), text, digest).hexdigest() for key in keys
                ]
                if matches_any(signature, valid):
                    return
        raise refusal(account, "FormPost: Invalid Signature")

    def _upload(
        self, request: Request, fields: dict[str, str], part: Part
    ) -> tuple[int, str]:
        path = request.path
        if path.count("/") < 4:
            path += "/"
        environ = sub_environ(request.environ, "PUT", path + part.filename)
        for key in [key for key in environ if key.startswith(_NOT_SIGNED)]:
            # What the form does not say, its sender must not add (a manifest,
            # a copy's source, metadata).
            del environ[key]
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        limit = _whole(fields, "max_file_size")
        environ["wsgi.input"] = IterableInput(_bounded(part, limit))
        upload = Request(environ)
        upload.context.authorize = _WriteOnly(upload.path)
        for header, field in (
            ("X-Delete-At", "x_delete_at"),
            ("X-Delete-After", "x_delete_after"),
        ):
            if field in fields:
                upload.set_header(header, str(_whole(fields, field)))
        upload.set_header(
            "Content-Type",
            fields.get("content-type")
            or part.headers.get("content-type")
            or "application/octet-stream",
        )
        if fields.get("content-encoding"):
            upload.set_header("Content-Encoding", fields["content-encoding"])
        reply = ask(self.app, environ)
        text = read_reply(reply, _ERROR_BYTES_MAX).decode("utf-8", "replace")
        is_plain = reply.header("Content-Type").startswith("text/plain")
        message = text.removeprefix("FormPost: ") if is_plain else ""
        return reply.status, message if reply.status // 100 != 2 else ""


class _WriteOnly:
    """Allows writing one object, whatever the ACLs say."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, request: Request, rules: AccessRules) -> None:
        if request.method != "PUT" or request.path != self._path:
            raise Rejected(401)


def _bounded(pieces: Part, limit: int) -> Iterator[bytes]:
    left = limit
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            # Raised where the server reads: nothing of the object is kept.
            raise Rejected(400, "FormPost: max_file_size exceeded")
        yield piece


def _whole(fields: dict[str, str], name: str) -> int:
    text = fields.get(name) or "0"
    if not (text.isascii() and text.isdigit()):
        raise BadForm(f"{name} not an integer")
    return int(text[:20])


def _answer(redirect: str, status: int, message: str) -> Reply:
    line = STATUS_LINES.get(status, str(status))
    if not redirect:
        body = f"{line}\r\nFormPost: {message.title()}" if message else line
        return Reply(status, body, content_type="text/plain; charset=UTF-8")
    joint = "&" if "?" in redirect else "?"
    target = f"{redirect}{joint}status={status}&message={quote(message)}"
    target = "".join(c for c in target if c.isprintable())
    headers: HeaderList = [("Location", target)]
    body = (
        f'<html><body><p><a href="{html.escape(target)}">'
        "Click to continue...</a></p></body></html>"
    )
    return Reply(303, body, headers, "text/html; charset=UTF-8")


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> FilterMaker:
    """PasteDeploy's entry point."""
    settings = read_options(FormpostSettings, "formpost", global_conf, local_conf)
    source = global_conf.get("__file__", "")
    check_digests(settings.allowed_digests, "formpost", source)
    return lambda app: Formpost(app, settings, SystemClock())
