"""Version 4: the outbox of notifications, and each attempt to deliver them.

Both are only ever added to, see `core.storage.append_only`.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_OUTBOX = """
CREATE TABLE store.outbox (
    event_id VARCHAR,
    channel VARCHAR,
    position BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    put_at TIMESTAMP NOT NULL,
    content VARCHAR NOT NULL,
    PRIMARY KEY (event_id, channel)
)"""

_DELIVERY = """
CREATE TABLE store.delivery (
    position BIGINT PRIMARY KEY,
    event_id VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    attempted_at TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL,
    next_at TIMESTAMP,
    whole_channel BOOLEAN NOT NULL,
    reason VARCHAR,
    remedy VARCHAR
)"""

MIGRATION = Migration(4, "outbox of notifications", (_OUTBOX, _DELIVERY))
