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

-- name: define_account_group
-- The first parts of an account's id: customers:alice:eur at depth 1 is customers; NULL: the whole id.
CREATE MACRO account_group(account_id, depth) AS
CASE WHEN depth IS NULL THEN account_id ELSE array_to_string(string_split(account_id, ':')[1:depth], ':') END;

-- name: define_month_begin
-- The first day of a day's month.
CREATE MACRO month_begin(day) AS date_trunc('month', day::DATE)::DATE;

-- name: define_next_month
-- The first day of the month after a day's.
CREATE MACRO next_month(day) AS (date_trunc('month', day::DATE) + INTERVAL 1 MONTH)::DATE;

-- name: define_currencies
-- Decimal places of every currency that an account was ever opened in.
CREATE VIEW currencies AS SELECT DISTINCT currency, scale FROM account_changes;

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

-- name: define_payment_stages
-- The stages of the payment funnel in their order, and the event that says a payment got there.
CREATE VIEW payment_stages (stage_no, stage, type) AS
VALUES (1, 'initiated', 'payment_initiated'),
       (2, 'held_for_review', 'payment_held_for_review'),
       (3, 'challenged', 'payment_authorisation_requested'),
       (4, 'accepted', 'payment_accepted'),
       (5, 'instructed', 'payment_instructed'),
       (6, 'unknown', 'payment_outcome_unknown'),
       (7, 'parked', 'payment_parked'),
       (8, 'settled', 'payment_settled'),
       (9, 'rejected', 'payment_rejected'),
       (10, 'cancelled', 'payment_cancelled'),
       (11, 'returned', 'payment_returned');

-- name: define_age_bucket
-- The class of an ageing report, days from-to; 091-999 has everything older too.
CREATE MACRO age_bucket(days) AS
CASE WHEN days < 1 THEN '000-000' WHEN days < 3 THEN '001-002' WHEN days < 8 THEN '003-007'
     WHEN days < 31 THEN '008-030' WHEN days < 91 THEN '031-090' ELSE '091-999' END;

-- name: define_moment
-- When ages are counted to: the end of a day (UTC), or the time of the position.
CREATE MACRO moment(day, recorded) AS COALESCE((day::DATE + 1)::TIMESTAMP AT TIME ZONE 'UTC', recorded);
