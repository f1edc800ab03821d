-- What the queries of the lake see of holds, breaks, customers, orders, positions and settlements: the table `things`
-- (contracts/lake.py), cut at one position. {things} and {position} are filled in by lake.py.

-- name: define_things
-- One row per event and thing.
CREATE VIEW all_things AS SELECT * FROM {things} WHERE position <= {position};

-- name: define_things_as_of
-- What was said of things up to a position and by the end of a day (UTC); NULL: no limit.
CREATE MACRO things_as_of(up_to, day) AS TABLE
SELECT * FROM all_things
 WHERE (up_to IS NULL OR position <= up_to) AND (day IS NULL OR recorded_at::DATE <= day);

-- name: define_holds_as_of
-- The open legs of holds with what is still reserved.
CREATE MACRO open_holds_as_of(up_to, day) AS TABLE
WITH said AS (
    SELECT * FROM things_as_of(up_to, day) WHERE kind = 'hold'
), hold AS (
    SELECT thing_id, arg_max(status, position) AS status, arg_max(due_at, position) AS expires_at,
           min(recorded_at) AS placed_at
      FROM said
     GROUP BY thing_id
), leg AS (
    SELECT thing_id, ordinal AS leg, any_value(account_id) AS debit_account_id,
           any_value(other_account_id) AS credit_account_id, any_value(currency) AS currency,
           arg_max(amount_minor, position) AS remaining_minor
      FROM said
     WHERE amount_minor IS NOT NULL
     GROUP BY thing_id, ordinal
)
SELECT leg.*, hold.placed_at, hold.expires_at
  FROM leg JOIN hold ON hold.thing_id = leg.thing_id
 WHERE hold.status = 'open' AND leg.remaining_minor > 0;

-- name: define_breaks_as_of
-- The breaks that are neither resolved nor written off.
CREATE MACRO open_breaks_as_of(up_to, day) AS TABLE
SELECT thing_id AS break_id, any_value(label) AS break_kind, any_value(account_id) AS account_id,
       any_value(currency) AS currency, any_value(amount_minor) AS difference_minor, any_value(on_date) AS opened_on,
       arg_max(status, position) AS status
  FROM things_as_of(up_to, day)
 WHERE kind = 'break'
 GROUP BY thing_id
HAVING arg_max(status, position) NOT IN ('resolved', 'written_off');

-- name: define_customers_as_of
-- Every customer with the state and risk class that were said last.
CREATE MACRO customers_as_of(up_to, day) AS TABLE
SELECT thing_id AS customer_id, any_value(label) AS customer_kind, min(recorded_at) AS applied_at,
       arg_max(status, position) AS status, bool_or(status = 'verified') AS was_verified,
       any_value(details->>'country') AS country,
       arg_max(details->>'risk_class', position) AS risk_class
  FROM things_as_of(up_to, day)
 WHERE kind = 'customer'
 GROUP BY thing_id;
