"""Cookies: what browsers send, and what they are told to keep."""

from __future__ import annotations

COOKIES_MAX = 50


def read_cookies(header: str) -> dict[str, str]:
    """By name; two values of one name are none.

    A page on another port of our host cannot read our cookies, but it can set some of
    their names for other paths, to have people work in a session that is not theirs.
    """
    found: dict[str, str] = {}
    for pair in header.split(";", COOKIES_MAX)[:COOKIES_MAX]:
        name, equals, value = pair.strip().partition("=")
        text = value.strip('"')
        if equals and found.setdefault(name, text) != text:
            found[name] = ""
    return found


def set_cookie(
    name: str, value: str, *, path: str, is_secure: bool, seconds: int
) -> tuple[str, str]:
    """The header; ``seconds`` 0 takes the cookie away."""
    parts = [
        f"{name}={value}",
        f"Path={path}",
        f"Max-Age={seconds}",
        "HttpOnly",
        "SameSite=Lax",
    ]
    if is_secure:
        parts.append("Secure")
    return "Set-Cookie", "; ".join(parts)
