"""Which releases a site keeps, and what goes back goes back to."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

from click.testing import CliRunner

from compute.cli.deploy import deploy
from compute.deploy.site import Site
from test.unit.compute.deploy.inventories import sections


def test_the_latest_are_kept_and_the_one_before_is_known(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    site.make()
    assert site.history == []
    for name in ("1-c", "1-a", "1-b"):
        site.choose_release(name)
        site.release_runs()
        site.release_file(name).touch()
    site.choose_release("1-b")
    assert site.history == ["1-c", "1-a", "1-b"]
    site.prune(2)
    assert site.history == ["1-a", "1-b"]
    assert sorted(path.stem for path in site.releases.iterdir()) == ["1-a", "1-b"]
    site.choose_release(site.release_before)
    assert (site.release, site.history) == ("1-a", ["1-b", "1-a"])


def test_a_site_of_before_knows_the_one_that_runs(tmp_path: Path) -> None:
    site = Site(tmp_path)
    (tmp_path / "release").write_text("1-a\n")
    assert site.history == ["1-a"]
    site.choose_release("1-b")
    assert site.history == ["1-a", "1-b"]


def test_what_failed_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.choose_release("1-a")
    assert site.release_before == ""
    site.release_runs()
    site.choose_release("2-failed")
    assert (site.release, site.release_before) == ("2-failed", "1-a")
    site.choose_release("2-failed")  # again: it is still the one being tried
    assert site.release_before == "1-a"
    site.choose_release("3-mended")
    assert site.release_before == "1-a"
    site.release_runs()
    assert (site.history, site.release_before) == (["1-a", "3-mended"], "1-a")
    site.choose_release("4-failed")
    site.choose_release(site.release_before)
    assert (site.release, site.release_before) == ("3-mended", "1-a")


def test_what_ran_once_stays_good_when_going_back_stops(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for name in ("1-a", "1-b"):
        site.choose_release(name)
        site.release_runs()
    site.choose_release(site.release_before)  # and that run stops
    assert (site.release, site.release_before) == ("1-a", "1-b")


def test_where_nothing_was_deployed_there_is_no_way_back(tmp_path: Path) -> None:
    inventory = tmp_path / "house.inventory"
    with inventory.open("w") as file:
        parser = ConfigParser()
        parser.read_dict(sections())
        parser.write(file)
    ended = CliRunner().invoke(deploy, ["rollback", str(inventory)])
    assert ended.exit_code != 0
    assert "there is no release before" in ended.output
    assert list(tmp_path.iterdir()) == [inventory]
