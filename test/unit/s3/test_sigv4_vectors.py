"""The examples that AWS publishes for Signature Version 4 of S3."""

from __future__ import annotations

import io
from typing import Any

import pytest

from objectstore.s3.errors import S3Error
from objectstore.s3.payload.chunk_signer import ChunkSigner
from objectstore.s3.payload.chunks import ChunkDecoder
from objectstore.s3.signing import sigv4
from objectstore.s3.signing.canonical import query_pairs
from objectstore.s3.signing.claim import Verified
from objectstore.s3.signing.presigned import from_query
from objectstore.s3.signing.signing_key import SigningKeys

KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = 1369353600.0  # 2013-05-24T00:00:00Z
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HOST = "examplebucket.s3.amazonaws.com"
SCOPE = f"{KEY}/20130524/us-east-1/s3/aws4_request"

EXAMPLES: dict[str, tuple[str, str, str, dict[str, str], str]] = {
    "get object": (
        "GET",
        "/test.txt",
        "",
        {"range": "bytes=0-9", "x-amz-content-sha256": EMPTY},
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "put object": (
        "PUT",
        "/test$file.text",
        "",
        {
            "date": "Fri, 24 May 2013 00:00:00 GMT",
            "x-amz-content-sha256": (
                "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
            ),
            "x-amz-storage-class": "REDUCED_REDUNDANCY",
        },
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "get bucket lifecycle": (
        "GET",
        "/",
        "lifecycle",
        {"x-amz-content-sha256": EMPTY},
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "list objects": (
        "GET",
        "/",
        "max-keys=2&prefix=J",
        {"x-amz-content-sha256": EMPTY},
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
}


def environ(
    method: str, path: str, query: str, headers: dict[str, str]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": HOST,
        "wsgi.input": io.BytesIO(),
    }
    for name, value in headers.items():
        found["HTTP_" + name.upper().replace("-", "_")] = value
    return found


def claim(name: str, signature: str = "", now: float = NOW) -> sigv4.SigV4Claim:
    method, path, query, headers, expected = EXAMPLES[name]
    headers = {**headers, "x-amz-date": "20130524T000000Z"}
    signed = ";".join(sorted([*headers, "host"]))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders={signed},"
        f"Signature={signature or expected}"
    )
    made = environ(method, path, query, headers)
    return sigv4.from_header(
        made, authorization, query_pairs(query), SigningKeys(), "us-east-1", now
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_signatures_are_right(name: str) -> None:
    assert claim(name).verify(SECRET).access_key == KEY


@pytest.mark.parametrize("name", EXAMPLES)
def test_other_signatures_and_secrets_are_wrong(name: str) -> None:
    for signature, secret in (("0" * 64, SECRET), ("", "other"), ("é", SECRET)):
        with pytest.raises(S3Error) as caught:
            claim(name, signature).verify(secret)
        assert caught.value.code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("ahead", [-901, 901])
def test_clocks_may_differ_by_fifteen_minutes(ahead: int) -> None:
    claim("get object", now=NOW + (899 if ahead > 0 else -899))
    with pytest.raises(S3Error) as caught:
        claim("get object", now=NOW + ahead)
    assert caught.value.code == "RequestTimeTooSkewed"


PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256"
    f"&X-Amz-Credential={SCOPE.replace('/', '%2F')}"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
    "&X-Amz-Signature="
    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
)


def presigned(query: str, now: float = NOW, **headers: str) -> sigv4.SigV4Claim:
    made = environ("GET", "/test.txt", query, {})
    made.update(headers)
    return from_query(made, query_pairs(query), SigningKeys(), "us-east-1", now)


def test_the_published_presigned_url_is_right() -> None:
    assert presigned(PRESIGNED).verify(SECRET).auth_type == "REST-QUERY-STRING"


def test_a_presigned_url_ends() -> None:
    presigned(PRESIGNED, NOW + 86400)
    for now in (NOW + 86401, NOW - 901):
        with pytest.raises(S3Error) as caught:
            presigned(PRESIGNED, now)
        assert caught.value.code == "AccessDenied"


@pytest.mark.parametrize("expires", ["604801", "-1", "x", "", "1e3"])
def test_a_presigned_url_lasts_a_week_at_most(expires: str) -> None:
    query = PRESIGNED.replace("X-Amz-Expires=86400", f"X-Amz-Expires={expires}")
    with pytest.raises(S3Error) as caught:
        presigned(query)
    assert caught.value.code == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    "key", ["HTTP_X_AMZ_COPY_SOURCE", "HTTP_X_AMZ_ACL", "HTTP_X_AMZ_META_A"]
)
def test_nothing_can_be_added_to_a_presigned_url(key: str) -> None:
    with pytest.raises(S3Error) as caught:
        presigned(PRESIGNED, **{key: "/secret/key"})
    assert caught.value.details["HeadersNotSigned"] == key[5:].lower().replace("_", "-")


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("us-east-1", "eu-west-1"),
        ("20130524%2F", "20130525%2F"),
        ("aws4_request", "aws3_request"),
        ("%2Fs3%2F", "%2Fec2%2F"),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        ("&X-Amz-SignedHeaders=host", ""),
    ],
)
def test_the_scope_must_be_right(find: str, put: str) -> None:
    with pytest.raises(S3Error) as caught:
        presigned(PRESIGNED.replace(find, put))
    assert caught.value.code == "AuthorizationQueryParametersError"


# ---- the published chunked upload: 66,560 bytes "a" in two chunks ---------------

SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
TRAILER_CHUNKS = (
    (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
    (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
    (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
)
TRAILER = (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
    b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def signer(seed: str) -> ChunkSigner:
    key = SigningKeys().key(SECRET, "20130524", "us-east-1", "s3")
    scope = "20130524/us-east-1/s3/aws4_request"
    return ChunkSigner(Verified(KEY, "", key, "20130524T000000Z", scope, seed))


def encoded(chunks: tuple[tuple[int, str], ...]) -> bytes:
    pieces = []
    for size, signature in chunks:
        pieces.append(f"{size:x};chunk-signature={signature}\r\n".encode())
        pieces.append(b"a" * size + (b"\r\n" if size else b""))
    return b"".join(pieces)


def test_the_published_chunks_are_right() -> None:
    decoder = ChunkDecoder(signer(SEED))
    payload = decoder.feed(encoded(CHUNKS) + b"\r\n")
    decoder.end()
    assert sum(map(len, payload)) == 66560


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_wrong_chunk_signature_is_found(number: int) -> None:
    chunks = list(CHUNKS)
    chunks[number] = (chunks[number][0], "0" * 64)
    with pytest.raises(S3Error) as caught:
        ChunkDecoder(signer(SEED)).feed(encoded(tuple(chunks)))
    assert caught.value.code == "SignatureDoesNotMatch"
    told = caught.value.details
    before = SEED if number == 0 else CHUNKS[number - 1][1]
    assert told["StringToSign"].split("\n")[:1] == ["AWS4-HMAC-SHA256-PAYLOAD"]
    assert told["StringToSign"].split("\n")[3] == before
    assert (told["AWSAccessKeyId"], told["SignatureProvided"]) == (KEY, "0" * 64)


def test_the_published_chunks_before_a_trailer_are_right() -> None:
    decoder = ChunkDecoder(signer(TRAILER_SEED))
    assert sum(map(len, decoder.feed(encoded(TRAILER_CHUNKS)))) == 66560


def test_the_published_trailer_is_right() -> None:
    decoder = ChunkDecoder(signer(TRAILER_SEED))
    decoder.feed(encoded(TRAILER_CHUNKS) + TRAILER)
    decoder.end()
    assert decoder.trailers == {"x-amz-checksum-crc32c": "sOO8/Q=="}


def test_a_trailer_without_its_signature_is_refused() -> None:
    decoder = ChunkDecoder(signer(TRAILER_SEED))
    decoder.feed(encoded(TRAILER_CHUNKS) + TRAILER.partition(b"x-amz-trailer")[0])
    with pytest.raises(S3Error) as caught:
        decoder.end()
    assert caught.value.code == "IncompleteBody"
