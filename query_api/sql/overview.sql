-- What the overview adds to the sums that it already has: rows after the position that those sums stand at.

-- name: sum_balances
-- Debits less credits by currency and type of account.
SELECT currency, scale, account_type, sum(amount_minor::HUGEINT) AS amount_minor
  FROM all_entries
 WHERE position > $after
 GROUP BY currency, scale, account_type;

-- name: sum_volume
-- Debits by minute and currency. An event counts once per currency, however many postings it has.
SELECT epoch_us(recorded_at) // 60000000 AS minute, currency, scale, sum(amount_minor::HUGEINT) AS amount_minor,
       count(DISTINCT position) AS transfers
  FROM all_entries
 WHERE position > $after AND amount_minor > 0 AND recorded_at >= $since
 GROUP BY minute, currency, scale;

-- name: count_outcomes
-- Payments that ended, by minute.
SELECT epoch_us(recorded_at) // 60000000 AS minute,
       count(*) FILTER (WHERE type = 'payment_settled') AS settled,
       count(*) FILTER (WHERE type = 'payment_rejected') AS rejected
  FROM all_payment_events
 WHERE position > $after AND recorded_at >= $since AND type IN ('payment_settled', 'payment_rejected')
 GROUP BY minute;
