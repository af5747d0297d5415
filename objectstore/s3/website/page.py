"""Errors of a web site as a page for people.  Pure."""

from __future__ import annotations

from html import escape

from objectstore.kernel.reply import STATUS_LINES
from objectstore.s3.errors import S3Error


def error_page(error: S3Error, request_id: str, second: S3Error | None = None) -> str:
    """The page; ``second`` is what was wrong with the site's own error document."""
    title = STATUS_LINES.get(error.status, str(error.status))
    details = {**error.details, "RequestId": request_id, "HostId": request_id}
    items = {"Code": error.code, "Message": error.text, **details}
    more = ""
    if second is not None:
        told = {"Code": second.code, "Message": second.text, **second.details}
        heading = "The custom error document could not be retrieved"
        more = f"<h3>{heading}</h3>\n{_list(told)}"
    return (
        f"<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n"
        f"{_list(items)}{more}<hr/>\n</body>\n</html>\n"
    )


def _list(items: dict[str, str]) -> str:
    lines = [f"<li>{name}: {escape(value)}</li>\n" for name, value in items.items()]
    return f"<ul>\n{''.join(lines)}</ul>\n"
