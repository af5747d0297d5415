"""Somebody who sends requests by hand: a browser would not send them so."""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_SECONDS = 60.0


@dataclass(slots=True)
class Seen:
    """One reply."""

    status: int
    headers: Mapping[str, str]
    text: str
    cookies: list[str]


@dataclass(slots=True)
class Visitor:
    """Keeps cookies and nothing else; ``base``: where the dashboard is."""

    base: str
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Seen:
        """One request; a body that is a mapping is a form."""
        parts = urlsplit(self.base)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            kept = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
            sent.setdefault("Cookie", kept)
        if isinstance(body, Mapping):
            body = urlencode(body, doseq=True)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, parts.path + path, body, sent)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        cookies = answer.headers.get_all("Set-Cookie") or []
        for cookie in cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Seen(answer.status, found, raw.decode("utf-8", "replace"), cookies)

    def get(self, path: str, **headers: str) -> Seen:
        """Look at a page."""
        return self.send("GET", path, **headers)

    @property
    def origin(self) -> str:
        """What a browser would say of our pages."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def csrf(self) -> str:
        """The token that the session's forms have."""
        found = re.search(r'name="csrf" content="([^"]+)"', self.get("/").text)
        assert found
        return found[1]

    def post(self, path: str, values: Mapping[str, Any] = {}, **headers: str) -> Seen:
        """Send a form as a page of ours would."""
        sent = {"csrf": self.csrf, **values} if self.cookies else dict(values)
        headers.setdefault("Origin", self.origin)
        return self.send("POST", path, sent, **headers)

    def sign_in(self, user: str, password: str, domain: str = "Default") -> Seen:
        """By the form."""
        values = {"user": user, "password": password, "domain": domain}
        return self.post("/sign-in", values)
