-- Reading the lake with DuckDB. `entries_as_of` and `accounts_as_of` are defined by lake.py over the files of one version
-- of the Delta tables, cut at one position.

-- name: read_recent_recorded_at
-- When the newest of the last events before a position was recorded. Time in the book does not go back, so it is the
-- newest of all; NULL: none of so many events left a row in the lake.
SELECT greatest(
    (SELECT max(recorded_at) FROM all_entries WHERE position > $as_of_position - 10000 AND position <= $as_of_position),
    (SELECT max(recorded_at) FROM account_changes
      WHERE position > $as_of_position - 10000 AND position <= $as_of_position),
    (SELECT max(recorded_at) FROM all_payment_events
      WHERE position > $as_of_position - 10000 AND position <= $as_of_position),
    (SELECT max(recorded_at) FROM all_things WHERE position > $as_of_position - 10000 AND position <= $as_of_position)
);

-- name: read_recorded_at
-- The same, of all events up to a position.
SELECT greatest(
    (SELECT max(recorded_at) FROM all_entries WHERE position <= $as_of_position),
    (SELECT max(recorded_at) FROM account_changes WHERE position <= $as_of_position),
    (SELECT max(recorded_at) FROM all_payment_events WHERE position <= $as_of_position),
    (SELECT max(recorded_at) FROM all_things WHERE position <= $as_of_position)
);

-- name: read_account
-- The terms of one account.
SELECT currency, scale, normal_side FROM accounts_as_of($as_of_position) WHERE account_id = $account_id;

-- name: read_posted_balance
-- The sum of one account's entries, in its normal side.
SELECT account.currency, account.scale, account.normal_side,
       COALESCE(sum(entry.amount_minor::HUGEINT), 0)
           * CASE account.normal_side WHEN 'debit' THEN 1 ELSE -1 END AS posted_minor
  FROM accounts_as_of($as_of_position) AS account
  LEFT JOIN entries_as_of($as_of_position, $as_of_date) AS entry
         ON entry.account_id = account.account_id AND entry.account_id = $account_id
 WHERE account.account_id = $account_id
 GROUP BY account.currency, account.scale, account.normal_side;

-- name: read_period_balances
-- Opening and closing balance of a period, debits less credits.
SELECT CASE WHEN $from IS NULL THEN 0::HUGEINT
            ELSE (SELECT COALESCE(sum(debit_minor - credit_minor), 0::HUGEINT)
                    FROM movements($as_of_position, NULL, $from::DATE - 1) WHERE account_id = $account_id)
       END AS opening_minor,
       (SELECT COALESCE(sum(debit_minor - credit_minor), 0::HUGEINT)
          FROM movements($as_of_position, NULL, $to) WHERE account_id = $account_id) AS closing_minor;

-- name: read_period_entries
-- A page of a period by effective date; the running balance starts at the opening one.
WITH running AS (
    SELECT *, $opening_minor::HUGEINT + sum(amount_minor::HUGEINT) OVER (
               ORDER BY effective_date, position, leg ROWS UNBOUNDED PRECEDING) AS balance_minor
      FROM entries_as_of($as_of_position, $to)
     WHERE account_id = $account_id AND ($from IS NULL OR effective_date >= $from)
)
SELECT position, leg, transfer_id, event_type, amount_minor, balance_minor, effective_date, recorded_at, reference
  FROM running
 WHERE ($after_date IS NULL OR (effective_date, position, leg) > ($after_date, $after_position, $after_leg))
 ORDER BY effective_date, position, leg
 LIMIT $rows_max;
