"""From views to HTML: templates that escape everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from compute.dashboard.frame import formats
from compute.dashboard.frame.addresses import first_page

DIRECTORY = Path(__file__).resolve().parents[1] / "templates"


class Renderer:
    """Draws templates of one directory."""

    def __init__(self, static: Callable[[str], str], directory: Path = DIRECTORY):
        """``static``: where a static file is, below the dashboard."""
        self._environment = Environment(
            loader=FileSystemLoader(directory),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["static"] = static
        self._environment.globals["moment_of"] = formats.moment_of
        self._environment.filters["ago"] = formats.ago
        self._environment.filters["exact"] = formats.exact
        self._environment.filters["size"] = formats.size
        self._environment.filters["first_page"] = first_page

    def draw(self, template: str, **model: Any) -> str:
        """The HTML."""
        return self._environment.get_template(template).render(**model)
