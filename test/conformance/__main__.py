"""python -m test.conformance SUITE [REGEX]"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from objectstore.cli.process import StartFailed
from test.conformance.cloud import HOME
from test.conformance.environments import NotInstalled, make_environment
from test.conformance.guest import check_programs
from test.conformance.junit import NoResults, read_results
from test.conformance.suite import Selection, Stage, Suite
from test.conformance.suites import all_suites
from test.conformance.verdict import BadLine, Verdict, judge, read_exceptions
from test.functional.compute.apart import START, UNSHARE
from test.guest_image import guest_image

EXCEPTIONS = Path(__file__).parent / "exceptions"
DATA = HOME / ".conformance"
WORDS_SHOWN = 1200
# Set in the environment of a run that is in namespaces of its own.
APART = "RINGSTACK_CONFORMANCE_APART"


@click.command(
    name="python -m test.conformance",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("suite", required=False)
@click.argument("regex", required=False)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DATA,
    help="Where environments, clouds and results are kept.  [default: .conformance]",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 8),
    default=2,
    show_default=True,
    help="Processes that run tests, where the suite has a choice.",
)
@click.option(
    "--guests",
    type=click.Choice(["default", "simulated", "real"]),
    default="default",
    show_default=True,
    help="Hosts are simulated, or run guests under QEMU (as root).",
)
@click.option("--serve", is_flag=True, help="Run no test: serve, and say how to run.")
@click.option("--list", "is_list", is_flag=True, help="Show the suites.")
def main(
    suite: str | None,
    regex: str | None,
    data: Path,
    concurrency: int,
    guests: str,
    serve: bool,
    is_list: bool,
) -> None:
    """Run one of the field's own test SUITEs, unmodified, against a new cloud.

    Makes a virtual environment with the suite, starts a cloud on free ports, writes the
    suite's configuration, runs it, and compares what failed with the suite's list of
    exceptions.  Exits with 0 if only listed tests failed.  REGEX chooses tests by their
    ids, otherwise the suite's usual ones run.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    suites = all_suites()
    if is_list:
        for each in suites.values():
            click.echo(f"{each.name:20} {each.summary} ({' '.join(each.requirements)})")
        return
    if suite not in suites:
        known = ", ".join(sorted(suites))
        wrong = f"no suite {suite!r}" if suite else "say which SUITE"
        raise click.UsageError(f"{wrong}; there are: {known}")
    chosen = suites[suite]
    wrong = chosen.wrong_pattern(regex) if regex else ""
    if wrong:
        raise click.UsageError(f"REGEX {regex!r} chooses no tests: {wrong}")
    is_real = chosen.is_real if guests == "default" else guests == "real"
    if is_real and os.geteuid() != 0:
        raise click.UsageError("real guests need root")
    selection = Selection(regex or chosen.pattern, concurrency)
    place = data.absolute() / suite
    try:
        with _alone_in(place):
            verdict = _run(chosen, selection, place, is_real, serve)
    except (StartFailed, NotInstalled, BadLine, NoResults) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("stopped") from None
    if verdict is not None:
        _tell(chosen, verdict)
        raise SystemExit(0 if verdict.is_good else 1)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Another run would take the cloud away from under this one."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"another run uses {directory}: wait for it, or give another --data"
            ) from None
        yield


def _run(
    suite: Suite, selection: Selection, data: Path, is_real: bool, serve: bool
) -> Verdict | None:
    """Run the suite, or (None) serve until Ctrl-C."""
    exceptions = read_exceptions(EXCEPTIONS / f"{suite.name}.txt")
    environment = make_environment(data / "environment", suite.requirements)
    if is_real:
        check_programs()
        # Installs what building a guest needs, while there is a way outside.
        guest_image()
        _go_apart()
    with suite.running(data / "cloud", is_real=is_real) as cloud:
        stage = Stage(cloud, environment, _emptied(data / "suite"), is_real)
        suite.configure(stage)
        command = suite.command(stage, selection)
        variables = dict(suite.variables(stage))
        if serve:
            _say_how(stage, variables, command)
            signal.pause()
        # Tests fail; which, and whether they may, is in the results.
        subprocess.run(
            command, cwd=stage.directory, env={**os.environ, **variables}, check=False
        )
        return judge(read_results(suite.results(stage)), exceptions)


def _go_apart() -> None:
    """Go on in namespaces of our own: guests, their bridges and daemons are no business
    of the host's, and end with us.  (What comes from elsewhere is here by now.)"""
    if os.environ.get(APART):
        return
    ourselves = [sys.executable, "-m", "test.conformance", *sys.argv[1:]]
    command = [*UNSHARE, "sh", "-c", START, "sh", *ourselves]
    os.execvpe(command[0], command, {**os.environ, APART: "yes"})


def _emptied(directory: Path) -> Path:
    """Results of an earlier run must not be taken for this one's."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    return directory


def _say_how(stage: Stage, variables: dict[str, str], command: list[str]) -> None:
    click.echo(f"cd {stage.directory}")
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo(f"{shlex.join(command)}\n\nthe cloud's log: {stage.cloud.place.log}")
    click.echo("serving until Ctrl-C")


def _tell(suite: Suite, verdict: Verdict) -> None:
    for result in verdict.surprises:
        click.echo(f"\nFAILED {result.name}\n{result.words.strip()[-WORDS_SHOWN:]}")
    for each in verdict.stale:
        click.echo(f"\nno longer fails: {each.name}  # {each.reason}")
    if not verdict.is_good and not verdict.surprises:
        click.echo("\nno test ran to its end: is REGEX right?")
    click.echo(
        f"\n{suite.name}: {verdict.passed} passed, {verdict.skipped} skipped,"
        f" {len(verdict.excepted)} excepted, {len(verdict.surprises)} failed"
    )


if __name__ == "__main__":
    main()
