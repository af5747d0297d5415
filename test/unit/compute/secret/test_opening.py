"""Keys and bundles that take long to open on purpose, and those that do not."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from compute.core.errors import BadRequest
from compute.core.program import ProgramLimits
from compute.secret.bundles import Certificate, certificate_of_pem
from compute.secret.opening import AT_ONCE, TURNS, Opener
from compute.secret.plain_keys import plain_key
from objectstore.kernel import concurrency

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8 = serialization.PrivateFormat.PKCS8
OLD = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
SEALED = serialization.BestAvailableEncryption(b"Sesam")
KEY = ec.generate_private_key(ec.SECP256R1())
IN_CLEAR = KEY.private_bytes(PEM, PKCS8, PLAIN)
LARGE_PRIME = 2**9941 - 1


def _tagged(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    size = (length.bit_length() + 7) // 8
    long = [] if length < 0x80 else [0x80 | size]
    return bytes([tag, *long, *length.to_bytes(size, "big")]) + content


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _name(digits: str) -> bytes:
    return _tagged(0x06, bytes.fromhex(digits))


def _hashed_for_hours() -> bytes:
    """PKCS #8, sealed with AES by a key of two thousand million rounds of PBKDF2."""
    rounds = _tagged(0x30, _tagged(0x04, b"saltsalt"), _integer(2**31 - 1))
    derived = _tagged(0x30, _name("2a864886f70d01050c"), rounds)
    cipher = _tagged(0x30, _name("60864801650304012a"), _tagged(0x04, bytes(16)))
    scheme = _tagged(0x30, _name("2a864886f70d01050d"), _tagged(0x30, derived, cipher))
    return _tagged(0x30, scheme, _tagged(0x04, bytes(64)))


def _large_diffie_hellman() -> bytes:
    parameters = _tagged(0x30, _integer(LARGE_PRIME), _integer(2))
    kind = _tagged(0x30, _name("2a864886f70d010301"), parameters)
    return _tagged(0x30, _integer(0), kind, _tagged(0x04, _integer(5)))


def _large_rsa() -> bytes:
    p, q, e = LARGE_PRIME, 2**9689 - 1, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    rest = (d % (p - 1), d % (q - 1), pow(q, -1, p))
    key = rsa.RSAPrivateNumbers(p, q, d, *rest, rsa.RSAPublicNumbers(e, p * q))
    found = key.private_key(unsafe_skip_rsa_key_validation=True)
    return found.private_bytes(DER, PKCS8, PLAIN)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (IN_CLEAR, b""),
        (KEY.private_bytes(DER, PKCS8, PLAIN), b""),
        (KEY.private_bytes(PEM, OLD, PLAIN), b""),
        (b"Bag Attributes\n" + IN_CLEAR, b""),
        (KEY.private_bytes(PEM, PKCS8, SEALED), b"Sesam"),
        (KEY.private_bytes(DER, PKCS8, SEALED), b"Sesam"),
        (KEY.private_bytes(PEM, OLD, SEALED), b"Sesam"),
    ],
)
def test_keys_are_opened(content: bytes, passphrase: bytes) -> None:
    found = Opener().key(Certificate(b"C", content, passphrase, b"I"))
    assert found == Certificate(b"C", IN_CLEAR, b"", b"I")


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"nothing of the kind", b""),
        (b"nothing of the kind", b"Sesam"),
        (IN_CLEAR, b"Sesam"),
        (IN_CLEAR[:40] + IN_CLEAR[60:], b""),
        (KEY.private_bytes(PEM, PKCS8, SEALED), b"Simsi"),
        (KEY.private_bytes(PEM, PKCS8, SEALED), b""),
    ],
)
def test_what_is_no_key_or_another_s(content: bytes, passphrase: bytes) -> None:
    with pytest.raises(BadRequest, match="cannot be opened"):
        Opener().key(Certificate(b"", content, passphrase))


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [(_hashed_for_hours(), b"Sesam"), (_large_diffie_hellman(), b"")],
)
def test_nobody_waits_for_what_takes_long(content: bytes, passphrase: bytes) -> None:
    opener = Opener(ProgramLimits(cpu_seconds=1))
    task = concurrency.promised(opener.key, Certificate(b"", content, passphrase, b""))
    turns = 0
    while not task.done:
        concurrency.sleep(0.01)
        turns += 1
    with pytest.raises(BadRequest, match="soon enough"):
        task.wait()
    assert turns > 5


def test_keys_that_take_long_have_turns_of_the_whole_process() -> None:
    """However many openers there are."""
    sealed = Certificate(b"", KEY.private_bytes(PEM, PKCS8, SEALED), b"Sesam")
    with ExitStack() as busy:
        for _ in range(AT_ONCE):
            busy.enter_context(TURNS)
        tasks = [concurrency.promised(Opener().key, sealed) for _ in range(2)]
        for _ in range(10):
            concurrency.sleep(0)
        assert not any(task.done for task in tasks)
        assert Opener().key(Certificate(b"", IN_CLEAR, b"")).private_key == IN_CLEAR
    assert [task.wait().private_key for task in tasks] == [IN_CLEAR] * 2


def test_large_numbers_are_not_looked_at_for_being_primes() -> None:
    found = plain_key(_large_rsa())
    assert isinstance(found, rsa.RSAPrivateKey)


def test_other_kinds_are_none_here() -> None:
    key = dsa.generate_private_key(1024)
    for form in (PKCS8, OLD):
        assert plain_key(key.private_bytes(PEM, form, PLAIN)) is None


def test_blocks_without_an_end_are_not_sought_again_and_again() -> None:
    begun = b"-----BEGIN CERTIFICATE-----x"
    ended = b"-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n"
    with pytest.raises(BadRequest):
        certificate_of_pem(begun * 2000)
    assert certificate_of_pem(begun * 2000 + ended).certificate == ended
