-- Payments in the lake, for replaying them.

-- name: scan_lake_payments
-- DuckDB: each settled payment once, in order. The account that is debited most pays, the one credited most is paid; what
-- is booked beside them (a fee) does not count. The lake has only what was settled: rejections are in the book.
SELECT position,
       any_value(transfer_id),
       epoch(any_value(recorded_at))::BIGINT,
       arg_max(account_id, amount_minor),
       arg_min(account_id, amount_minor),
       any_value(currency),
       max(amount_minor)
  FROM read_parquet($files)
 WHERE event_type = 'payment_settled' AND position <= $position
 GROUP BY position
HAVING max(amount_minor) > 0
 ORDER BY position;
