"""What careless and hostile clients send in place of what is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

DEPTH = 150  # of objects in lists: more than some writers of JSON bear


def _deep() -> Any:
    value: Any = 1
    for _ in range(DEPTH):
        value = {"a": [value]}
    return value


VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.0,
    1.5,
    1e300,
    2**31,
    2**63,
    2**64 - 1,
    -(2**63),
    "",
    " ",
    "x",
    "1",
    "-1",
    "1e9",
    "9" * 30,
    "nul\0inside",
    "\N{PILE OF POO}\N{LATIN SMALL LETTER E WITH ACUTE}",
    "a" * 300,
    "a" * 70_000,
    "%s%n../../etc/passwd' or 1=1 --",
    "10.0.0.0/999",
    "::ffff:1.2.3.4",
    "fe80::1%eth0",
    "\u0662",  # a digit, and not of ours
    "2026-02-31T99:99:99Z",
    [],
    [None],
    [[]],
    ["x", "x"],
    [{}],
    {},
    {"": ""},
    {"x" * 300: "y"},
    {"id": {"id": []}},
    _deep(),
)
"""In the place of any member of a body."""

TEXTS: tuple[str, ...] = (
    "",
    "-1",
    "0",
    "x",
    "1.5",
    "true",
    "None",
    "9" * 30,
    "9" * 5000,
    "%00",
    "%ff%fe",
    "a%00b",
    "%F0%9F%92%A9",
    "a" * 3000,
    "..%2f..",
    "%2e%2e",
    "in:",
    "in:a,%22",
    "gt:x",
    "lt:2026-13-45",
    "eq:",
    "%5B",
    "*",
    "(",
    "%D9%A2",
    "2026-01-01T00:00:00",
    "10.0.0.1%2F24",
    "12345678-1234-1234-1234-123456789012",
)
"""In the place of a segment of a path, or of a query's value; quoted already."""

QUERY_NAMES: tuple[str, ...] = (
    "limit",
    "marker",
    "sort",
    "sort_key",
    "sort_dir",
    "page_reverse",
    "fields",
    "name",
    "status",
    "id",
    "changes-since",
    "changes-before",
    "start",
    "end",
    "detailed",
    "all_tenants",
    "deleted",
    "locked",
    "tags",
    "not-tags-any",
    "fixed_ips",
    "ip",
    "ip6",
    "host",
    "flavor",
    "image",
    "minRam",
    "is_public",
    "project_id",
    "tenant_id",
    "user_id",
    "created_at",
    "updated_at",
    "size_min",
    "visibility",
    "owner",
    "os_hidden",
    "member_status",
    "mtu",
    "revision_number",
    "admin_state_up",
    "router:external",
    "shared",
    "port_range_min",
    "ip_version",
    "cidr",
    "usage",
    "domain_id",
    "enabled",
    "password_expires_at",
    "name__icontains",
    "parent_id",
    "parents_as_list",
    "subtree_as_ids",
    "include_names",
    "effective",
    "scope.project.id",
    "scope.system",
    "role.id",
    "expires_at",
    "nonsense",
    "availability_zone",
    "power_state",
    "task_state",
    "vm_state",
    "launched_at",
    "locked_by",
    "reservation_id",
    "service",
    "binary",
    "hypervisor_hostname_pattern",
    "with_servers",
)

RAW_BODIES: tuple[bytes, ...] = (
    b"",
    b"{",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"1e999",
    b"\xff\xfe",
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"a=b&c=d",
    b"<xml/>",
    b'{"server": {"name": "' + b"a" * (2 << 20) + b'"}}',
)


def mutants(value: Any) -> Iterator[Any]:
    """The value with one of its parts replaced, gone, or one too many."""
    yield from VALUES
    if isinstance(value, dict):
        yield {**value, "nonsense": 1}
        for name in value:
            yield {key: each for key, each in value.items() if key != name}
            for changed in mutants(value[name]):
                yield {**value, name: changed}
    elif isinstance(value, list):
        yield value * 50
        for number, each in enumerate(value):
            for changed in mutants(each):
                yield [*value[:number], changed, *value[number + 1 :]]
