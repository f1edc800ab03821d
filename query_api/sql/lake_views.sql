-- What the queries of the lake see: the files of one version of the tables, cut at one position. {entries}, {accounts}, {payments}
-- and {position} are filled in by lake.py, from its own lists and never from a request: a view takes no parameters.

-- name: define_entries
-- Compaction may have put newer rows into the same files, so the cut is by position and not by file.
CREATE VIEW all_entries AS SELECT * FROM {entries} WHERE position <= {position};

-- name: define_entries_as_of
-- Entries up to a position that had taken effect by the end of a day; NULL: no limit.
CREATE MACRO entries_as_of(up_to, day) AS TABLE
SELECT * FROM all_entries
 WHERE (up_to IS NULL OR position <= up_to) AND (day IS NULL OR effective_date <= day);

-- name: define_account_changes
-- One row per change of an account's terms or status.
CREATE VIEW account_changes AS SELECT * FROM {accounts} WHERE position <= {position};

-- name: define_accounts_as_of
-- The state of every account after the event at a position; NULL: the newest.
CREATE MACRO accounts_as_of(up_to) AS TABLE
SELECT * FROM account_changes
 WHERE up_to IS NULL OR position <= up_to
QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY position DESC) = 1;

-- name: define_payment_events
-- One row per event about a payment.
CREATE VIEW all_payment_events AS SELECT * FROM {payments} WHERE position <= {position};

-- name: define_payment_events_as_of
-- Events about payments up to a position that were recorded by the end of a day (UTC); NULL: no limit.
CREATE MACRO payment_events_as_of(up_to, day) AS TABLE
SELECT * FROM all_payment_events
 WHERE (up_to IS NULL OR position <= up_to) AND (day IS NULL OR recorded_at::DATE <= day);

-- name: define_payments_begun
-- Payments initiated in a period of days (UTC), as of a position and a day.
CREATE MACRO payments_begun(up_to, day, first_day, last_day) AS TABLE
SELECT * FROM payment_events_as_of(up_to, day)
 WHERE type = 'payment_initiated'
   AND (first_day IS NULL OR recorded_at::DATE >= first_day) AND (last_day IS NULL OR recorded_at::DATE <= last_day);
