"""What a run needs at hand: the settings, the store, a polite client, a curator. Opened when first used."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from typing import Self

import dagster as dg

from game_pipeline.catalog import Curator, curator_for
from game_pipeline.crawl import Client, Hold, RetryBudget, Visitor, living_run, source_lock
from game_pipeline.parsing import Parser, open_parser
from game_pipeline.settings import Settings, load_settings
from game_pipeline.sources import SOURCES, Source
from game_pipeline.store import Store, find_databases, prepare_schema

__all__ = ["Pipeline", "pipeline_resource"]


class Pipeline:
    """The pipeline's means, for the length of one run, tick or command. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, sources: Mapping[str, Source] = SOURCES) -> None:
        self.settings = settings
        self.sources = sources
        self._budgets: dict[str, RetryBudget] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for opened in map(self.__dict__.pop, ("parser", "client", "store"), (None, None, None)):
            if opened is not None:
                opened.close()

    @cached_property
    def store(self) -> Store:
        """The catalogue, its schema up to date. The embedded server is attached to, or started, as needed."""
        databases = find_databases(self.settings)
        prepare_schema(databases)
        return Store(databases.catalogue_url, pool_size=self.settings.pool_size)

    @cached_property
    def client(self) -> Client:
        return Client(self.store, self.settings.crawl)

    @cached_property
    def parser(self) -> Parser:
        """Reads pages in processes of their own; they start with the first page."""
        return open_parser(self.settings.parse)

    def hold(self, source: Source, run_id: str) -> AbstractContextManager[Hold]:
        """The source, for this run alone. Raises `SourceBusy`."""
        return source_lock(self.store, source.name, run_id, self.settings.crawl.lease)

    def visitor(
        self,
        source: Source,
        run_id: str,
        hold: Hold | None = None,
        on_progress: Callable[[], None] = lambda: None,
    ) -> Visitor:
        """A visitor for one attempt; what a run may try again is one budget for all its attempts."""
        budget = self._budgets.setdefault(run_id, RetryBudget())
        return Visitor(self.store, self.client, source, self.settings, run_id, budget, self.parser, hold, on_progress)

    def curator(self, correlation_id: str) -> Curator:
        return curator_for(self.store, self.settings, correlation_id, self.sources)


def pipeline_resource(
    settings: Settings | None = None, sources: Mapping[str, Source] = SOURCES
) -> dg.ResourceDefinition:
    """The resource under the key `pipeline`; without settings they are read when a run begins."""

    @contextmanager
    def opened(context: dg.InitResourceContext) -> Iterator[Pipeline]:
        with ExitStack() as stack:
            pipeline = Pipeline(settings or load_settings(known_sources=frozenset(sources)), sources)
            stack.enter_context(pipeline)
            if context.run is not None:
                stack.enter_context(living_run(pipeline.store, context.run.run_id, pipeline.settings.crawl.lease))
            yield pipeline

    return dg.ResourceDefinition(
        opened, description="Settings, database, polite HTTP client and curator of the running pipeline."
    )
