-- title: Settlement revenue
-- description: What merchants' settlements brought in, by day, merchant and currency: what they took, the fee that was kept,
-- description: the reserve, and what was paid out.
-- key: settled_on merchant_id currency scale
-- drill: /v1/settlements merchant_id=merchant_id
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of settlement.
-- parameter: to date - Last day of settlement.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: settled_on date - effective day of the settlement
-- column: merchant_id text - the merchant
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: settlements integer count how many were closed
-- column: payments integer count payments in them
-- column: payments_minor integer minor what the merchant took
-- column: refunds_minor integer minor what was refunded
-- column: returns_minor integer minor what came back
-- column: fee_minor integer minor what was kept as fee
-- column: reserve_minor integer minor what was kept in reserve
-- column: released_minor integer minor what came out of earlier reserves
-- column: net_minor integer minor what was paid out
SELECT on_date AS settled_on, label AS merchant_id, settled.currency, any_value(currencies.scale) AS scale,
       count(*) AS settlements,
       sum((details->>'payments')::HUGEINT) AS payments,
       sum((details->>'payments_minor')::HUGEINT) AS payments_minor,
       sum((details->>'refunds_minor')::HUGEINT) AS refunds_minor,
       sum((details->>'returns_minor')::HUGEINT) AS returns_minor,
       sum((details->>'fee_minor')::HUGEINT) AS fee_minor,
       sum((details->>'reserve_minor')::HUGEINT) AS reserve_minor,
       sum((details->>'released_minor')::HUGEINT) AS released_minor,
       sum(amount_minor::HUGEINT) AS net_minor
  FROM things_as_of($as_of_position, $as_of_date) AS settled
  LEFT JOIN currencies ON currencies.currency = settled.currency
 WHERE kind = 'settlement'
   AND ($currency IS NULL OR settled.currency = $currency)
   AND ($from IS NULL OR on_date >= $from) AND ($to IS NULL OR on_date <= $to)
 GROUP BY on_date, label, settled.currency
 ORDER BY on_date, label, settled.currency
