"""The kernel's helpers for connections that agree upon others, and their protocols."""

from __future__ import annotations

# Its two for H.323 are called otherwise, and belong together: they are not offered.
CONNTRACK_HELPERS = frozenset(
    {
        ("amanda", "udp"),
        ("ftp", "tcp"),
        ("irc", "tcp"),
        ("netbios-ns", "udp"),
        ("pptp", "tcp"),
        ("sane", "tcp"),
        ("sip", "tcp"),
        ("sip", "udp"),
        ("snmp", "udp"),
        ("tftp", "udp"),
    }
)
