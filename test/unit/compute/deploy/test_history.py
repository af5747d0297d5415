"""Which releases a site keeps, and what goes back goes back to."""

from __future__ import annotations

from pathlib import Path

from compute.deploy.site import Site


def test_the_latest_are_kept_and_the_one_before_is_known(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.make()
    assert site.history == []
    for name in ("1-c", "1-a", "1-b"):
        site.choose_release(name)
        site.release_file(name).touch()
    site.choose_release("1-b")
    assert site.history == ["1-c", "1-a", "1-b"]
    site.prune(2)
    assert site.history == ["1-a", "1-b"]
    assert sorted(path.stem for path in site.releases.iterdir()) == ["1-a", "1-b"]
    site.choose_release(site.history[-2])
    assert (site.release, site.history) == ("1-a", ["1-b", "1-a"])


def test_a_site_of_before_knows_the_one_that_runs(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "release").write_text("1-a\n")
    assert site.history == ["1-a"]
    site.choose_release("1-b")
    assert site.history == ["1-a", "1-b"]
