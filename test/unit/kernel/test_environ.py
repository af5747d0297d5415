"""Headers' names become keys; what is kept of them is bounded."""

from __future__ import annotations

from objectstore.kernel.http import environ


def test_long_names_are_not_kept() -> None:
    """There are two thousand to keep, and a name may have sixteen KiB."""
    long = b"x-object-meta-" + b"a" * 200
    assert environ._environ_key(long) == "HTTP_X_OBJECT_META_" + "A" * 200
    assert long not in environ._KEYS
    customer = b"x-amz-copy-source-server-side-encryption-customer-key-md5"
    assert environ._environ_key(customer) in environ._KEYS.values()
