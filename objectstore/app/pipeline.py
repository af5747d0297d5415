"""The proxy's pipeline: filters from the settings file around our application.

The file's ``[pipeline:main]`` names them; without one the default order holds, with
``encryption`` at its end if the file has a section for it.
``[filter:NAME]`` sections configure them, and a filter without a section has its
defaults.  Any PasteDeploy filter loads; the order is checked by what ours declare.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paste.deploy import loadfilter

from objectstore.kernel.known_facts import Facts
from objectstore.kernel.loop import IDLE_SECONDS, Loop, Step
from objectstore.kernel.request import Application
from objectstore.kernel.settings import BadSettings, Mistake, read_file
from objectstore.middleware.layers import layers, tighten
from objectstore.middleware.order import DEFAULT_PIPELINE, check_pipeline
from objectstore.middleware.shortcut import shortened

PIPELINE_SECTION = "pipeline:main"
# The last name of a pipeline stands for our own application.
SERVER_NAME = "proxy-server"
ENCRYPTION = "encryption"


def filter_names(source: Path) -> list[str]:
    """The pipeline's filters, from the outside in.  Raises ``BadSettings``."""
    sections = read_file(source)
    text = sections.get(PIPELINE_SECTION, {}).get("pipeline")
    if text is None:
        # It cannot be without its secrets, so it is there when they are.
        has_secrets = f"filter:{ENCRYPTION}" in sections
        return [*DEFAULT_PIPELINE, ENCRYPTION] if has_secrets else [*DEFAULT_PIPELINE]
    names = text.split()
    if not names or names[-1] != SERVER_NAME:
        text = f"the pipeline must end with {SERVER_NAME}"
        raise BadSettings([Mistake(str(source), PIPELINE_SECTION, "pipeline", text)])
    return names[:-1]


def wrap(
    application: Application, source: Path, shared: Mapping[str, str]
) -> Application:
    """The application inside its filters.

    ``shared`` are settings that every filter may read from its global
    configuration (the cluster's secret).  Raises ``BadSettings`` for a wrong
    order, an unknown filter, or options that a filter refuses.
    """
    names = filter_names(source)
    mistakes = [
        Mistake(str(source), PIPELINE_SECTION, "pipeline", text)
        for text in check_pipeline(names)
    ]
    if mistakes:
        raise BadSettings(mistakes)
    sections = read_file(source)
    makers = []
    for name in reversed(names):
        where = f"config:{source}" if f"filter:{name}" in sections else "egg:ringstack"
        try:
            makers.append(loadfilter(where, name=name, global_conf=dict(shared)))
        except LookupError as error:
            text = f"no such filter: {error}"
            mistakes.append(Mistake(str(source), "", name, text))
        except BadSettings as bad:
            mistakes += bad.mistakes
    if mistakes:
        raise BadSettings(mistakes)
    for make in makers:
        application = make(application)
    application = shortened(application)
    tighten(application)
    return application


def filter_loops(pipeline: Application, facts: Facts) -> list[Loop]:
    """What the filters want to have run in the background, in one process: each
    may have a ``background_steps(facts)``, and a step ``REST_SECONDS`` of its own."""
    return [
        Loop(step, idle_seconds=getattr(step, "REST_SECONDS", IDLE_SECONDS))
        for layer in layers(pipeline)
        for step in getattr(layer, "background_steps", _no_steps)(facts)
    ]


def finish_filters(pipeline: Application) -> None:
    """The process is about to end: a filter may have a ``finish()`` that keeps what
    only this process knows."""
    for layer in layers(pipeline):
        getattr(layer, "finish", _nothing)()


def _nothing() -> None:
    pass


def _no_steps(facts: Facts) -> tuple[Step, ...]:
    return ()
