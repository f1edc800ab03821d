-- name: create_head
-- One database, one ledger: the row is made with the schema, by the owner, and its name never changes.
INSERT INTO head (ledger) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: read_head
SELECT ledger, position, hash, batch, recorded_at, closed_through FROM head;

-- name: lock_head
-- Orders all writers of the ledger. Whatever was read before this lock may be stale; read it again after.
SELECT ledger, position, hash, batch, recorded_at, closed_through FROM head WHERE ledger = $1 FOR UPDATE;

-- name: advance_head
-- Moves the head only if nobody else did since the decision was made: one round trip locks, compares and moves.
UPDATE head
   SET position = $3, hash = $4, batch = batch + 1, recorded_at = coalesce($5, recorded_at), closed_through = $6
 WHERE ledger = $1 AND batch = $2
RETURNING batch;

-- name: load_accounts
SELECT account_no, account_id, currency, scale, account_type, normal_sign, floor_minor, ceiling_minor,
       customer_id, status, posted_minor, held_minor
  FROM accounts WHERE account_id = ANY ($1::text[]);

-- name: read_customers_of_accounts
SELECT account_id, customer_id FROM accounts WHERE account_id = ANY ($1::text[]);

-- name: load_holds
SELECT hold_no, status, expires_at, legs, reference FROM holds WHERE hold_no = ANY ($1::bigint[]);

-- name: load_originals
-- The event that booked each transfer, and how much of it has been reversed so far.
SELECT e.position, e.event, r.reversed_minor
  FROM events e LEFT JOIN reversals r ON r.transfer_no = e.position
 WHERE e.position = ANY ($1::bigint[]);

-- name: load_assets
SELECT currency, scale FROM assets;

-- name: load_records
SELECT kind, id, state FROM records JOIN unnest($1::text[], $2::text[]) AS wanted (kind, id) USING (kind, id);

-- name: read_accounts_of_ibans
SELECT id, state ->> 'account_id' AS account_id FROM records WHERE kind = 'iban' AND id = ANY ($1::text[]);

-- name: find_erasing_customers
-- Decided, and not carried out yet: they are due at once, so the index of what is due finds them.
SELECT state FROM records
 WHERE kind = 'customer' AND due_at <= now() + interval '1 minute' AND state ->> 'state' = 'erasing'
 ORDER BY due_at, id LIMIT $1;

-- name: put_records
INSERT INTO records (kind, id, due_at, state)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::json[])
ON CONFLICT (kind, id) DO UPDATE SET due_at = excluded.due_at, state = excluded.state;

-- name: load_outcomes
-- What was answered to these keys before. The answer to an accepted command is its last event.
SELECT i.key_hash, i.digest, i.first_position, i.last_position, i.refusal, i.command,
       answer.event AS answer, first.event AS first_event
  FROM idempotency i
  LEFT JOIN events answer ON answer.position = i.last_position
  LEFT JOIN events first ON first.position = i.first_position
 WHERE i.key_hash = ANY ($1::bytea[]);

-- name: set_account_status
UPDATE accounts a SET status = u.status
  FROM unnest($1::bigint[], $2::text[]) AS u (account_no, status)
 WHERE a.account_no = u.account_no;

-- name: set_hold_states
UPDATE holds h SET status = u.status, expires_at = u.expires_at, legs = u.legs
  FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::json[]) AS u (hold_no, status, expires_at, legs)
 WHERE h.hold_no = u.hold_no;

-- name: set_reversed
INSERT INTO reversals (transfer_no, reversed_minor)
SELECT * FROM unnest($1::bigint[], $2::json[])
ON CONFLICT (transfer_no) DO UPDATE SET reversed_minor = excluded.reversed_minor;

-- name: read_events_page
-- The book in order, a page at a time; the primary key makes this one range scan.
SELECT position, event, hash FROM events WHERE position > $1 ORDER BY position LIMIT $2;

-- name: read_head_position
SELECT position FROM head;

-- name: scan_events
SELECT position, event, hash FROM events ORDER BY position;

-- name: scan_entries
-- In the order in which the events booked them.
SELECT e.position, e.leg::integer, a.account_id, e.amount_minor, e.held_minor
  FROM entries e JOIN accounts a USING (account_no)
 ORDER BY e.position, e.leg;

-- name: scan_accounts
SELECT account_no, account_id, posted_minor, held_minor FROM accounts ORDER BY account_no;

-- name: sum_entries
SELECT currency, sum(amount_minor) AS amount_minor FROM entries GROUP BY currency ORDER BY currency;

-- name: scan_records
SELECT kind, id, due_at, state FROM records ORDER BY kind, id;
