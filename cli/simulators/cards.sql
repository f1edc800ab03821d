-- The simulated card processor's own books, in SQLite. Times are Unix seconds; amounts are minor units.

-- name: create_tables
-- One script; a processor that starts again finds what it has.
CREATE TABLE IF NOT EXISTS movements (
    reference TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('charge', 'payout', 'refund')),
    movement_id TEXT NOT NULL UNIQUE,
    content BLOB NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    card_token TEXT,
    charge TEXT,
    treatment TEXT NOT NULL,
    status TEXT NOT NULL,
    failure_code TEXT,
    decide_at REAL NOT NULL,
    arrivals INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (reference)
) STRICT;
CREATE INDEX IF NOT EXISTS movements_pending ON movements (decide_at) WHERE status = 'pending';
CREATE TABLE IF NOT EXISTS counts (
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (about, what)
) STRICT;
CREATE TABLE IF NOT EXISTS settlement (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    movement_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    type TEXT NOT NULL,
    settled_on TEXT NOT NULL,
    currency TEXT NOT NULL,
    gross_minor INTEGER NOT NULL,
    fee_minor INTEGER NOT NULL,
    UNIQUE (movement_id, type)
) STRICT;
CREATE TABLE IF NOT EXISTS violations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL,
    rule TEXT NOT NULL
) STRICT;

-- name: insert_movement
-- The primary key is what makes a second execution impossible.
INSERT INTO movements
       (reference, kind, movement_id, content, amount_minor, currency, card_token, charge, treatment, status,
        failure_code, decide_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: read_movement
SELECT movement_id, reference, kind, status, amount_minor, currency, failure_code, content, treatment, arrivals,
       card_token, charge
  FROM movements
 WHERE reference = ?;

-- name: sum_refunded
-- What was given back of a charge: refunds that were paid.
SELECT coalesce(sum(amount_minor), 0)
  FROM movements
 WHERE kind = 'refund' AND charge = ? AND status = 'succeeded';

-- name: count_arrival
UPDATE movements
   SET arrivals = arrivals + 1
 WHERE reference = ?;

-- name: count_up
INSERT INTO counts (about, what, number)
VALUES (?, ?, 1)
    ON CONFLICT (about, what) DO UPDATE SET number = number + 1
RETURNING number;

-- name: read_due
SELECT reference
  FROM movements
 WHERE status = 'pending' AND decide_at <= ?
 ORDER BY decide_at
 LIMIT 100;

-- name: set_status
-- From one named status only, so that nothing is decided twice.
UPDATE movements
   SET status = ?, failure_code = ?
 WHERE reference = ? AND status = ?;

-- name: insert_settlement
INSERT INTO settlement (movement_id, reference, type, settled_on, currency, gross_minor, fee_minor)
VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (movement_id, type) DO NOTHING;

-- name: read_settlement
SELECT movement_id, reference, type, gross_minor, fee_minor, gross_minor - fee_minor
  FROM settlement
 WHERE settled_on = ? AND currency = ?
 ORDER BY number;

-- name: insert_violation
INSERT INTO violations (reference, rule)
VALUES (?, ?);

-- name: read_violations
SELECT reference, rule
  FROM violations
 ORDER BY number;

-- name: read_executed
SELECT reference, kind, status, amount_minor, currency, arrivals
  FROM movements
 ORDER BY rowid;
