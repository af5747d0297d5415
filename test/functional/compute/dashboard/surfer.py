"""A person at a browser: fills in, clicks, and looks at what the page is like."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from test.functional.harness.browser import Browser

DESK, PHONE = (1280, 800), (390, 844)
WAIT_SECONDS = 30.0
# What a page has that a person with a keyboard or a screen reader needs.
ACCESSIBILITY = """
(() => {
  const wrong = [];
  const named = (node) => (node.getAttribute("aria-label") || node.textContent
    || node.title || "").trim();
  if (!document.documentElement.lang) wrong.push("no language");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
  for (const node of document.querySelectorAll("input, select, textarea")) {
    if (node.type === "hidden") continue;
    const label = node.labels && node.labels.length || node.getAttribute("aria-label");
    if (!label) wrong.push(`no label: ${node.name}`);
  }
  for (const node of document.querySelectorAll("a[href], button, summary"))
    if (!named(node)) wrong.push(`no name: ${node.outerHTML.slice(0, 120)}`);
  const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
  for (const id of ids)
    if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`twice: #${id}`);
  for (const node of document.querySelectorAll("[aria-describedby]"))
    for (const id of node.getAttribute("aria-describedby").trim().split(/\\s+/))
      if (!document.getElementById(id)) wrong.push(`describedby ${id} is nowhere`);
  for (const node of document.querySelectorAll("img"))
    if (!node.hasAttribute("alt")) wrong.push("a picture without alt");
  return wrong;
})()
"""
# Text on what it stands on, as WCAG 2 counts it (AA: 4.5, or 3 where it is large).
CONTRAST = """
(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const one = (c) => { c /= 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * one(r) + 0.7152 * one(g) + 0.0722 * one(b);
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const wrong = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [high, low] = [light(rgb(style.color)), light(ground(node))]
      .sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < least && !node.closest("meter, button:disabled, svg"))
      wrong.push(`${ratio.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`);
  }
  return wrong;
})()
"""


class Surfer(Browser):
    """One tab, with everything it complained of."""

    def __init__(self, directory: Path, base: str) -> None:
        """``base``: where the dashboard is."""
        self.base = base
        self.complaints: list[str] = []
        super().__init__(directory, "about:blank")
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.look(DESK)

    def call(self, method: str, **parameters: Any) -> Any:
        """As of the browser; what it tells meanwhile is kept."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": parameters}
        self._tools.send(json.dumps(sent))
        while True:
            answer = json.loads(self._tools.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer.get("result", answer)
            self._hear(answer)

    def _hear(self, event: Any) -> None:
        told = event.get("params", {})
        if event.get("method") == "Log.entryAdded" and told["entry"]["level"] in (
            "error",
            "warning",
        ):
            entry = told["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"])[:500])
        elif event.get("method") == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(told["args"])[:500])

    def look(self, size: tuple[int, int], scheme: str = "light") -> None:
        """With a screen of that size, in a light or dark room."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size == PHONE,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def without_scripts(self, is_without: bool = True) -> None:
        """As in a browser that runs none."""
        self.call("Emulation.setScriptExecutionDisabled", value=is_without)

    def go(self, path: str) -> None:
        """Load a page."""
        url = path if path.startswith("http") else self.base + path
        self.leaving(lambda: self.call("Page.navigate", url=url))

    def leaving(self, act: Any) -> None:
        """Do something that loads another page, and wait for it."""
        before = self._loader()
        act()
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if self._loader() != before and self._is_there():
                return
            time.sleep(0.02)
        raise AssertionError(f"no other page came; this is {self.path}: {self.text}")

    def _loader(self) -> str:
        frame = self.call("Page.getFrameTree")["frameTree"]["frame"]
        return str(frame["loaderId"])

    def _is_there(self) -> bool:
        return bool(self.evaluate("document.readyState === 'complete'"))

    @property
    def path(self) -> str:
        """Where it is, below the dashboard."""
        found = str(self.evaluate("location.href"))
        return found.removeprefix(self.base)

    @property
    def text(self) -> str:
        """What one reads."""
        return str(self.evaluate("document.body.innerText"))

    def fill(self, **values: str) -> None:
        """Answer questions of the form by their names."""
        for name, value in values.items():
            done = self.evaluate(
                f"""(() => {{
                  const field = document.querySelector(
                    'main form.form [name={json.dumps(name)}]');
                  if (!field) return false;
                  field.value = {json.dumps(value)};
                  field.dispatchEvent(new Event("change", {{bubbles: true}}));
                  return field.value === {json.dumps(value)};
                }})()"""
            )
            assert done, f"{name} cannot be {value!r} on {self.path}"

    def choose(self, name: str, label: str) -> None:
        """An option, or a box, by its label."""
        done = self.evaluate(
            f"""(() => {{
              const wanted = {json.dumps(label)};
              const fields = document.querySelectorAll('[name={json.dumps(name)}]');
              for (const field of fields) {{
                if (field.tagName === "SELECT") {{
                  const option = [...field.options]
                    .find((each) => each.textContent.trim().startsWith(wanted));
                  if (!option) return false;
                  field.value = option.value;
                  return true;
                }}
                if (field.closest("label").textContent.trim().startsWith(wanted)) {{
                  field.checked = true;
                  return true;
                }}
              }}
              return false;
            }})()"""
        )
        assert done, f"{name} has no {label!r} on {self.path}"

    def files(self, name: str, *paths: Path) -> None:
        """Choose files."""
        self.call("DOM.enable")
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        selector = f'[name="{name}"]'
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call(
            "DOM.setFileInputFiles", files=[str(each) for each in paths], nodeId=node
        )

    def send(self) -> None:
        """The form of the page."""
        self.leaving(
            lambda: self.evaluate(
                "document.querySelector('main form.form').requestSubmit()"
            )
        )

    def click(self, label: str, *, within: str = "main", leaves: bool = True) -> None:
        """A link or a button by its words."""
        script = f"""(() => {{
              const wanted = {json.dumps(label)};
              const found = [...document.querySelectorAll({json.dumps(within)}
                + " a, " + {json.dumps(within)} + " button")]
                .find((each) => each.textContent.trim() === wanted);
              if (found) found.click();
              return Boolean(found);
            }})()"""

        def act() -> None:
            assert self.evaluate(script), f"no {label!r} on {self.path}: {self.text}"

        if leaves:
            self.leaving(act)
        else:
            act()

    def say_yes(self) -> None:
        """To the question that was asked."""
        assert self.evaluate("document.getElementById('question').open")
        self.click("Yes, go on", within="#question")

    def sign_in(self, user: str, password: str, domain: str = "Default") -> None:
        """From the first page on."""
        self.go("/sign-in")
        self.fill(user=user, password=password, domain=domain)
        self.send()

    def faults(self) -> list[str]:
        """What is wrong with the page as it is shown."""
        found = list(self.evaluate(ACCESSIBILITY) or [])
        found += self.evaluate(CONTRAST) or []
        wide = self.evaluate(
            "document.scrollingElement.scrollWidth"
            " - document.documentElement.clientWidth"
        )
        if wide > 0:
            found.append(f"{wide} pixels too wide")
        return found
