-- What the projectors read from the book. Only SELECT: they run as bursar_reader.

-- name: read_events_page
-- Keyset paging over the primary key. Positions have no gaps, so a page that is short is the end of the book. The bytes
-- of the text are the exact bytes that were hashed; as json sends them they are copied once and nowhere decoded.
SELECT position, json_send(event) AS body
  FROM events
 WHERE position > $1
 ORDER BY position
 LIMIT $2;

-- name: read_head
-- One row: whose book this is and how far it goes.
SELECT ledger, position, recorded_at
  FROM head;

-- name: read_recorded_at
-- When the oldest event that a model has not applied was recorded: its age is the model's lag in seconds.
SELECT (event ->> 'recorded_at')::timestamptz
  FROM events
 WHERE position = $1;

-- name: read_opening_events
-- An account's number is the position of the event that opened it, and that event has every fact about the account
-- that never changes.
SELECT opened.position, json_send(opened.event) AS body
  FROM accounts
  JOIN events opened ON opened.position = accounts.account_no
 WHERE accounts.account_id = ANY ($1::text[]);

-- name: read_records
-- What a context of the book remembers of all its things of one kind.
SELECT id, state::text AS state
  FROM records
 WHERE kind = $1
 ORDER BY id
 LIMIT $2;

-- name: read_record
-- What a context of the book remembers of one thing.
SELECT state::text
  FROM records
 WHERE kind = $1 AND id = $2;

-- name: read_events_at
-- The events that moved the accounts which changed after the position that is being verified.
SELECT position, event::text AS body
  FROM events
 WHERE position = ANY ($1::bigint[]);

-- name: scan_posted_entries
-- What the lake must hold, in its order: the entries that moved money.
SELECT e.position, e.leg::integer, a.account_id, e.currency, e.amount_minor, e.effective_date,
       booked.event ->> 'type' AS event_type
  FROM entries e
  JOIN accounts a USING (account_no)
  JOIN events booked ON booked.position = e.position
 WHERE e.amount_minor <> 0 AND e.position <= $1
 ORDER BY e.position, e.leg;

-- name: scan_lake_entries
-- DuckDB: what the lake holds, up to the position that is being verified.
SELECT position, leg, account_id, currency, amount_minor, posted_minor, effective_date, event_type, transfer_id
  FROM read_parquet($files)
 WHERE position <= $position
 ORDER BY position, leg;

-- name: scan_lake_accounts
-- DuckDB: each account of the lake once, with the position that opened it.
SELECT account_id, min(position), min(currency)
  FROM read_parquet($files)
 WHERE position <= $position
 GROUP BY account_id;
