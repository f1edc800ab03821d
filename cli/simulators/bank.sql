-- The simulated bank's own books, in SQLite. Times are Unix seconds as real numbers; amounts are minor units.

-- name: create_tables
-- One script; a bank that starts again finds what it has.
CREATE TABLE IF NOT EXISTS instructions (
    instruction_id TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    end_to_end_id TEXT NOT NULL,
    uetr TEXT NOT NULL,
    treatment TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'executed', 'rejected')),
    reason_code TEXT,
    decide_at REAL NOT NULL,
    arrivals INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX IF NOT EXISTS instructions_pending ON instructions (decide_at) WHERE state = 'pending';
CREATE TABLE IF NOT EXISTS counts (
    about TEXT NOT NULL,
    what TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (about, what)
) STRICT;
CREATE TABLE IF NOT EXISTS movements (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    reference TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'return', 'incoming')),
    booked_on TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    instruction_id TEXT NOT NULL,
    end_to_end_id TEXT NOT NULL,
    uetr TEXT NOT NULL,
    counterparty_name TEXT NOT NULL,
    counterparty_iban TEXT NOT NULL,
    remittance TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS violations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    instruction_id TEXT NOT NULL,
    rule TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS recalls (
    recall_id TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'accepted', 'refused')),
    reason_code TEXT,
    decide_at REAL NOT NULL,
    arrivals INTEGER NOT NULL DEFAULT 1
) STRICT;

-- name: read_instruction
-- One row or none: whoever repeats an id is answered from here.
SELECT content, treatment, state, reason_code, arrivals
  FROM instructions
 WHERE instruction_id = ?;

-- name: insert_instruction
-- The primary key is what makes a second execution impossible.
INSERT INTO instructions
       (instruction_id, content, end_to_end_id, uetr, treatment, state, reason_code, decide_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: count_arrival
-- How often an instruction came; the first time is its insertion.
UPDATE instructions
   SET arrivals = arrivals + 1
 WHERE instruction_id = ?;

-- name: count_up
-- Counts questions, and arrivals that were not noticed.
INSERT INTO counts (about, what, number)
VALUES (?, ?, 1)
    ON CONFLICT (about, what) DO UPDATE SET number = number + 1
RETURNING number;

-- name: settle_instruction
-- Only what is pending can be executed, whoever asks twice.
UPDATE instructions
   SET state = 'executed'
 WHERE instruction_id = ? AND state = 'pending';

-- name: read_due
-- What was put off and is to be decided now, in the order of its time.
SELECT instruction_id, content
  FROM instructions
 WHERE state = 'pending' AND decide_at <= ?
 ORDER BY decide_at
 LIMIT 100;

-- name: insert_movement
-- Amounts are signed as our nostro account sees them: a payment is negative.
INSERT INTO movements
       (reference, kind, booked_on, amount_minor, currency, instruction_id, end_to_end_id, uetr,
        counterparty_name, counterparty_iban, remittance)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (reference) DO NOTHING;

-- name: insert_violation
-- What a counterparty should never do to us.
INSERT INTO violations (instruction_id, rule)
VALUES (?, ?);

-- name: read_violations
SELECT instruction_id, rule
  FROM violations
 ORDER BY number;

-- name: read_movements_of_day
SELECT reference, kind, booked_on, amount_minor, currency, instruction_id, end_to_end_id, uetr,
       counterparty_name, counterparty_iban, remittance
  FROM movements
 WHERE booked_on = ? AND currency = ?
 ORDER BY number;

-- name: sum_before
SELECT coalesce(sum(amount_minor), 0)
  FROM movements
 WHERE booked_on < ? AND currency = ?;

-- name: read_movements
SELECT reference, kind, booked_on, amount_minor, currency, instruction_id, end_to_end_id, uetr,
       counterparty_name, counterparty_iban, remittance
  FROM movements
 ORDER BY number;

-- name: read_repeated
-- Instructions that came more often than once, and how often.
SELECT instruction_id, arrivals
  FROM instructions
 WHERE arrivals > 1
 ORDER BY instruction_id;

-- name: insert_recall
-- A recall is known by its id from its first arrival on.
INSERT INTO recalls (recall_id, content, decide_at)
VALUES (?, ?, ?)
    ON CONFLICT (recall_id) DO NOTHING;

-- name: count_recall
UPDATE recalls
   SET arrivals = arrivals + 1
 WHERE recall_id = ?;

-- name: read_recall
SELECT content, state, reason_code
  FROM recalls
 WHERE recall_id = ?;

-- name: read_due_recalls
SELECT content
  FROM recalls
 WHERE state = 'pending' AND decide_at <= ?
 ORDER BY decide_at
 LIMIT 100;

-- name: decide_recall
UPDATE recalls
   SET state = ?, reason_code = ?
 WHERE recall_id = ? AND state = 'pending';

-- name: read_recalls
SELECT recall_id, state, reason_code, arrivals
  FROM recalls
 ORDER BY recall_id;
