-- What the auditor reads of the book, and what it remembers. It runs as bursar_reactor.

-- name: read_audited_head
SELECT ledger, position FROM head;

-- name: read_sizes_below
-- How large the events down from $2 are: a slice ends at so many events or so many bytes.
SELECT position, octet_length(event::text) AS bytes
  FROM events
 WHERE position > $1 AND position <= $2
 ORDER BY position DESC
 LIMIT $3;

-- name: read_sizes_above
SELECT position, octet_length(event::text) AS bytes
  FROM events
 WHERE position > $1 AND position <= $2
 ORDER BY position
 LIMIT $3;

-- name: read_audited_events
-- Cast to text: those are the exact bytes that were hashed and published.
SELECT position, event::text AS body, hash
  FROM events
 WHERE position BETWEEN $1 AND $2
 ORDER BY position;

-- name: read_audited_events_at
SELECT position, event::text AS body
  FROM events
 WHERE position = ANY ($1::bigint[])
 ORDER BY position;

-- name: read_audited_entries
-- The block-range index over positions finds these.
SELECT e.position, e.leg::integer, a.account_id, e.currency, e.amount_minor, e.held_minor
  FROM entries e
  JOIN accounts a USING (account_no)
 WHERE e.position BETWEEN $1 AND $2
 ORDER BY e.position, e.leg;

-- name: read_audited_accounts
-- Accounts as they are now, each with the position of its newest entry up to $2 (one probe of the primary key each).
SELECT a.account_id, a.account_no, a.currency, a.normal_sign::integer, a.status, a.posted_minor, a.held_minor,
       coalesce(newest.position, a.account_no) AS last_position
  FROM accounts a
  LEFT JOIN LATERAL (
        SELECT e.position
          FROM entries e
         WHERE e.account_no = a.account_no AND e.position <= $2
         ORDER BY e.position DESC
         LIMIT 1
       ) newest ON true
 WHERE a.account_id = ANY ($1::text[]) AND a.account_no <= $2;

-- name: read_statement_positions
-- Where the newest entries of these accounts up to $2 are: the statement that Redis keeps.
SELECT a.account_id, newest.position
  FROM accounts a
 CROSS JOIN LATERAL (
        SELECT e.position
          FROM entries e
         WHERE e.account_no = a.account_no AND e.position <= $2 AND e.amount_minor <> 0
         ORDER BY e.position DESC, e.leg DESC
         LIMIT $3
       ) newest
 WHERE a.account_id = ANY ($1::text[]);

-- name: find_events_naming
-- The history of one thing: every event between two positions that names it. Reads all of them, so only a repair asks.
SELECT position, event::text AS body
  FROM events
 WHERE position BETWEEN $1 AND $2 AND strpos(event::text, $3) > 0
 ORDER BY position;

-- name: read_lake_rows
-- DuckDB: the rows of a range of positions, whatever file they are in.
SELECT {columns}
  FROM read_parquet($files)
 WHERE position BETWEEN $first AND $last;

-- name: read_audits
SELECT cursor::text AS cursor, counted::text AS counted FROM reactions.audits;

-- name: keep_audit
-- Only under the lease: whoever lost it must not move a cursor of the one who has it.
INSERT INTO reactions.audits AS kept (side, cursor, counted)
SELECT $3, $4::json, $5::json FROM reactions.leases
 WHERE name = $1 AND token = $2 AND expires_at > now()
    ON CONFLICT (side) DO UPDATE SET cursor = excluded.cursor, counted = excluded.counted
RETURNING side;

-- name: keep_difference
INSERT INTO reactions.audit_differences AS kept (model, subject, field, side, slice_low, slice_high, difference)
VALUES ($1, $2, $3, $4, $5, $6, $7::json)
    ON CONFLICT (model, subject, field) DO UPDATE
   SET slice_low = excluded.slice_low, slice_high = excluded.slice_high, difference = excluded.difference,
       looked_at = excluded.looked_at
RETURNING (xmax = 0) AS is_new;

-- name: forget_differences
-- What this slice found before and does not find any more. $4: model, subject and field of those that it still finds.
DELETE FROM reactions.audit_differences
 WHERE side = $1 AND slice_low = $2 AND slice_high = $3
   AND NOT (model || chr(31) || subject || chr(31) || field) = ANY ($4::text[]);

-- name: find_slice_to_recheck
-- The slice with a difference that was looked at longest ago. Counters belong to no slice; their sweep looks again.
SELECT slice_low, slice_high FROM reactions.audit_differences
 WHERE side = $1 AND slice_high > 0
 ORDER BY looked_at
 LIMIT 1;

-- name: list_differences
SELECT difference::text AS difference, found_at FROM reactions.audit_differences
 ORDER BY found_at DESC, model, subject, field
 LIMIT $1;

-- name: count_differences
SELECT side, count(*) AS differences FROM reactions.audit_differences GROUP BY side;
