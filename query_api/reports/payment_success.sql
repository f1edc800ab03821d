-- title: Payment success and time to settle
-- description: Of the payments that were initiated in a period: how many ended how, the share that settled among those that
-- description: ended, and how long settling took, by rail, kind and currency. Percentiles are times that really occurred.
-- key: rail payment_type currency
-- drill: payment-list rail=rail currency=currency payment_type=payment_type from=$from to=$to as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of initiation (UTC).
-- parameter: to date - Last day of initiation (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: rail text - the rail
-- column: payment_type text - the kind of payment
-- column: currency text - currency of the payments
-- column: initiated integer count payments initiated
-- column: settled integer count of them settled
-- column: rejected integer count of them rejected
-- column: cancelled integer count of them cancelled
-- column: open integer count of them not ended yet
-- column: success_permille integer permille settled per thousand that ended, rounded down; null while none has
-- column: settle_p50_ms integer ms half of them settled within so many milliseconds
-- column: settle_p95_ms integer ms 95 of a hundred
-- column: settle_p99_ms integer ms 99 of a hundred
-- column: settle_max_ms integer ms all of them
WITH ended AS (
    SELECT payment_id, type, recorded_at
      FROM payment_events_as_of($as_of_position, $as_of_date)
     WHERE type IN ('payment_settled', 'payment_rejected', 'payment_cancelled')
), lives AS (
    SELECT begun.rail, begun.payment_type, begun.currency, ended.type,
           date_diff('millisecond', begun.recorded_at, ended.recorded_at) AS took_ms
      FROM payments_begun($as_of_position, $as_of_date, $from, $to) AS begun
      LEFT JOIN ended ON ended.payment_id = begun.payment_id
     WHERE $currency IS NULL OR begun.currency = $currency
)
SELECT rail, payment_type, currency,
       count(*) AS initiated,
       count(*) FILTER (WHERE type = 'payment_settled') AS settled,
       count(*) FILTER (WHERE type = 'payment_rejected') AS rejected,
       count(*) FILTER (WHERE type = 'payment_cancelled') AS cancelled,
       count(*) FILTER (WHERE type IS NULL) AS open,
       1000 * count(*) FILTER (WHERE type = 'payment_settled') // nullif(count(type), 0) AS success_permille,
       quantile_disc(took_ms, 0.5) FILTER (WHERE type = 'payment_settled') AS settle_p50_ms,
       quantile_disc(took_ms, 0.95) FILTER (WHERE type = 'payment_settled') AS settle_p95_ms,
       quantile_disc(took_ms, 0.99) FILTER (WHERE type = 'payment_settled') AS settle_p99_ms,
       max(took_ms) FILTER (WHERE type = 'payment_settled') AS settle_max_ms
  FROM lives
 GROUP BY rail, payment_type, currency
 ORDER BY rail, payment_type, currency
