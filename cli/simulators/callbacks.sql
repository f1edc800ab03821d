-- Messages that a simulated counterparty has to deliver by itself; beside its books, in the same transactions.

-- name: create_tables
CREATE TABLE IF NOT EXISTS callbacks (
    message_id TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL,
    due_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    deliveries INTEGER NOT NULL DEFAULT 0,
    wanted INTEGER NOT NULL
) STRICT;

-- name: insert_callback
-- A message id is derived from what it reports, so that a second insertion is the same message.
INSERT INTO callbacks (message_id, media_type, body, due_at, wanted)
VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (message_id) DO NOTHING;

-- name: read_due
SELECT message_id, media_type, body, attempts, deliveries, wanted
  FROM callbacks
 WHERE deliveries < wanted AND attempts < ? AND due_at <= ?
 ORDER BY due_at
 LIMIT 20;

-- name: record_attempt
UPDATE callbacks
   SET attempts = attempts + 1, deliveries = deliveries + ?, due_at = ?
 WHERE message_id = ?;

-- name: count_undelivered
SELECT count(*)
  FROM callbacks
 WHERE deliveries < wanted AND attempts < ?;
