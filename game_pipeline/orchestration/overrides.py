"""What an operator may order about a source from the UI: the job `override_source`, filled in at its launchpad."""

from enum import Enum

import dagster as dg
from pydantic import Field

from game_pipeline.crawl import NotPaused, close_source, pause_source, read_health, resume_source
from game_pipeline.sources import SOURCES

from .resources import Pipeline

__all__ = ["OVERRIDE_JOB", "override_job"]

OVERRIDE_JOB = "override_source"


class Order(Enum):
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"


class OverrideConfig(dg.Config):
    """Who orders what, and why; kept in the log of events."""

    source: str = Field(description="The source's name, as its assets have it.")
    order: Order = Field(
        description="PAUSE: nothing is asked any more. RESUME: a paused source goes on. CLOSE: the normal rate at once."
    )
    reason: str = Field(description="Why, in a few words.", min_length=1)
    person: str = Field(description="Who you are.", min_length=1)


def override_job(sources: list[str]) -> dg.JobDefinition:
    @dg.op(
        description=(
            "Pauses a source, resumes it, or closes its circuit breaker by force, as `game-pipeline source pause`, "
            "`resume` and `close` do. A run that is under way stops at its next request when its source is paused."
        )
    )
    def order_source(
        context: dg.OpExecutionContext, config: OverrideConfig, pipeline: dg.ResourceParam[Pipeline]
    ) -> None:
        if config.source not in sources:
            raise dg.Failure(
                f"no source {config.source!r} is visited; known are {', '.join(sources)}", allow_retries=False
            )
        store, name, reason = pipeline.store, config.source, config.reason
        try:
            if config.order is Order.PAUSE:
                pause_source(store, name, reason=reason, actor=config.person)
            elif config.order is Order.RESUME:
                resume_source(store, name, reason=reason, actor=config.person)
            else:
                close_source(store, name, reason=reason, actor=config.person, hosts=SOURCES[name].hosts)
        except NotPaused as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        context.log.info("%s: %s", name, read_health(store, name).in_words)

    @dg.job(
        name=OVERRIDE_JOB,
        executor_def=dg.in_process_executor,
        description=(
            "Pause a source, resume it, or close its circuit breaker by force. Open the launchpad, say which source, "
            "what and why, and launch; monitoring/source_health then shows it."
        ),
    )
    def override_source() -> None:
        order_source()

    return override_source
