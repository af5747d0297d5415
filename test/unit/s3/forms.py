"""Forms as a browser sends them, with a policy that Alice signed."""

from __future__ import annotations

import base64
from hmac import digest
from typing import Any

import orjson

from objectstore.s3.dates import iso
from test.unit.s3.house import ALICE, Answer, House

BOUNDARY = "----boundary"


def form_body(fields: dict[str, str], content: bytes) -> bytes:
    pieces = []
    for name, value in fields.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        pieces.append(f"{head}\r\n\r\n{value}\r\n".encode())
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f.txt"'
    )
    pieces.append(f"{head}\r\nContent-Type: text/plain\r\n\r\n".encode())
    return b"".join([*pieces, content, f"\r\n--{BOUNDARY}--\r\n".encode()])


def post(house: House, fields: dict[str, str], content: bytes = b"content") -> Answer:
    body = form_body(fields, content)
    environ = house.bare("POST", "/bucket", "", body)
    environ["CONTENT_TYPE"] = f"multipart/form-data; boundary={BOUNDARY}"
    return house.send(environ)


def signed(house: House, conditions: list[Any], **fields: str) -> dict[str, str]:
    expires = iso(house.clock.time() + 100)
    conditions = [{"bucket": "bucket"}, *conditions]
    return with_policy({"expiration": expires, "conditions": conditions}, **fields)


def with_policy(policy: dict[str, Any], **fields: str) -> dict[str, str]:
    encoded = base64.b64encode(orjson.dumps(policy)).decode()
    signature = base64.b64encode(
        digest(ALICE.secret.encode(), encoded.encode(), "sha1")
    )
    return {
        "AWSAccessKeyId": ALICE.name,
        "policy": encoded,
        "signature": signature.decode(),
        **fields,
    }
