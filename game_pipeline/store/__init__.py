"""What is kept: the PostgreSQL server, the schema, the pool of connections and the events."""

from .bodies import BodyError, body_hash, load_body, packed_bodies, save_bodies, save_body
from .database import (
    DatabaseError,
    Databases,
    find_databases,
    open_store,
    opened_databases,
    owner_connection,
    prepare_schema,
)
from .event import Event, RecordedEvent
from .events import StreamConflict, append
from .pool import Store, is_outage

__all__ = [
    "BodyError",
    "DatabaseError",
    "Databases",
    "Event",
    "RecordedEvent",
    "Store",
    "StreamConflict",
    "append",
    "body_hash",
    "find_databases",
    "is_outage",
    "load_body",
    "open_store",
    "opened_databases",
    "owner_connection",
    "packed_bodies",
    "prepare_schema",
    "save_bodies",
    "save_body",
]
