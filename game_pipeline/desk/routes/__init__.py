"""The REST API, a module for each kind of thing it is about."""

from . import analytics, events, exchange, games, libraries, people, reconcile, review, sources

__all__ = ["ROUTERS"]

ROUTERS = (
    games.router,
    people.router,
    review.router,
    sources.router,
    libraries.router,
    analytics.router,
    events.router,
    exchange.router,
    reconcile.router,
)
