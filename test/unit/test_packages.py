"""What is installed from a wheel is all there is: a folder that is no package is left
out of it, and says nothing."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {
        module.parent
        for package in ("ring", "objectstore", "compute")
        for module in (ROOT / package).rglob("*.py")
    }
    assert len(folders) >= 100
    lacking = [folder for folder in folders if not (folder / "__init__.py").exists()]
    assert [str(folder.relative_to(ROOT)) for folder in lacking] == []
