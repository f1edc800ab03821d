-- Reading the book. Each statement is one snapshot: what it returns and the head beside it belong together.

-- name: read_head
-- Where the book is. An empty book has the position 0 and was never recorded.
SELECT ledger, position, NULLIF(recorded_at, '-infinity') AS recorded_at
  FROM head;

-- name: read_balance
-- The balance now. One row also for an account that does not exist, so that its absence has a position.
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       account.account_no, account.currency, account.scale, account.normal_sign,
       account.posted_minor, account.held_minor
  FROM head
  LEFT JOIN accounts AS account ON account.account_id = $1;

-- name: read_account
-- An account with its terms, which the event that opened it knows best.
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       account.account_no, account.status, account.posted_minor, account.held_minor, opened.event AS opened
  FROM head
  LEFT JOIN accounts AS account ON account.account_id = $1
  LEFT JOIN events AS opened ON opened.position = account.account_no;

-- name: read_accounts_page
-- Accounts by id: from $1 on ($2: without $1 itself) and below $3. Filters apply to at most $7 accounts, which bounds the
-- work of a page whose filter matches nothing; the last account looked at is returned as the place to go on from.
WITH examined AS MATERIALIZED (
    SELECT account_id, currency, scale, account_type, status, posted_minor, held_minor
      FROM accounts
     WHERE account_id >= $1 AND (NOT $2::boolean OR account_id > $1) AND ($3::text IS NULL OR account_id < $3)
     ORDER BY account_id
     LIMIT $7
)
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       (SELECT count(*) FROM examined) AS examined, (SELECT max(account_id) FROM examined) AS last_examined,
       found.*
  FROM head
  LEFT JOIN LATERAL (
      SELECT * FROM examined
       WHERE ($4::text IS NULL OR currency = $4) AND ($5::text IS NULL OR account_type = $5)
         AND ($6::text IS NULL OR status = $6)
  ) AS found ON true
 ORDER BY found.account_id;

-- name: read_balance_at_position
-- The last event up to position $2 that touched the account; every event carries the balances it left, so no sum over
-- the account's history is needed.
SELECT head.position AS head_position, account.account_no, account.currency, account.scale, account.normal_sign,
       (SELECT event ->> 'recorded_at' FROM events WHERE position = $2) AS recorded_at,
       (SELECT touching.event
          FROM entries AS entry JOIN events AS touching ON touching.position = entry.position
         WHERE entry.account_no = account.account_no AND entry.position <= $2
         ORDER BY entry.position DESC LIMIT 1) AS last_event
  FROM head
  LEFT JOIN accounts AS account ON account.account_id = $1;

-- name: read_balance_at_date
-- What had taken effect by the end of the day $2. Reads the account's whole history; the lake does this better.
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       account.account_no, account.currency, account.scale, account.normal_sign,
       (SELECT COALESCE(sum(amount_minor), 0) * account.normal_sign
          FROM entries WHERE account_no = account.account_no AND effective_date <= $2)::bigint AS posted_minor
  FROM head
  LEFT JOIN accounts AS account ON account.account_id = $1;

-- name: read_statement_page
-- The account's newest booking events up to position $2, newest first; the lines are inside the events.
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       account.account_no, account.currency, account.scale, booked.position, booked.event
  FROM head
  LEFT JOIN accounts AS account ON account.account_id = $1
  LEFT JOIN LATERAL (
      SELECT page.position, events.event
        FROM (SELECT DISTINCT position FROM entries
               WHERE account_no = account.account_no AND position <= $2 AND amount_minor <> 0
               ORDER BY position DESC LIMIT $3) AS page
        JOIN events ON events.position = page.position
  ) AS booked ON true
 ORDER BY booked.position DESC;

-- name: read_event
-- One event, its hash and its predecessor's, which together prove the bytes.
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       found.event, found.hash, previous.hash AS previous_hash
  FROM head
  LEFT JOIN events AS found ON found.position = $1
  LEFT JOIN events AS previous ON previous.position = $1 - 1;

-- name: read_recorded_times
-- When the events at some positions were recorded: how long what a read model lacks has been in the book.
SELECT position, event ->> 'recorded_at' AS recorded_at
  FROM events
 WHERE position = ANY ($1::bigint[]);

-- name: read_events_between
-- The events after one position up to another, in order, at most $3.
SELECT event FROM events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3;

-- name: read_events_at
-- The events at some positions, in order.
SELECT event FROM events WHERE position = ANY ($1::bigint[]) ORDER BY position;
