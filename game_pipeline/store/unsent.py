"""What webhooks have still to be sent of a month: it may not leave the database before."""

from __future__ import annotations

import datetime as dt

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from .archive_file import ArchiveError

__all__ = ["check_sent"]

# Whatever the webhook has not taken over counts: which types it wants is in the settings, and may change.
_UNSENT = """
SELECT webhook.name FROM webhook WHERE EXISTS (SELECT FROM {month} WHERE position > webhook.position)
UNION
SELECT webhook FROM webhook_delivery AS delivery
WHERE state = 'pending' AND EXISTS (SELECT FROM {month} AS event WHERE event.position = delivery.position)
ORDER BY 1
"""


def check_sent(connection: Connection[TupleRow], partition: str, month: dt.date) -> None:
    """Raises `ArchiveError` where a webhook waits for an event of the month: deliveries are read from the database."""
    rows = connection.execute(sql.SQL(_UNSENT).format(month=sql.Identifier("public", partition))).fetchall()
    if rows:
        names = ", ".join(row[0] for row in rows)
        raise ArchiveError(
            f"{month:%Y-%m} has events that were not sent to all webhooks yet ({names}); send them with: game-pipeline "
            "webhook deliver, or give a webhook up with: game-pipeline webhook forget NAME"
        )
