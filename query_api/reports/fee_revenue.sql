-- title: Fee revenue
-- description: What settled payments cost their payers, by day of settlement (UTC), rail, kind and currency. A fee is earned
-- description: when its payment settles; refunds and returns give none back.
-- key: settled_on rail payment_type currency scale
-- drill: payment-list settled_on=settled_on rail=rail currency=currency payment_type=payment_type as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of settlement (UTC).
-- parameter: to date - Last day of settlement (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: settled_on date - day of settlement
-- column: rail text - the rail
-- column: payment_type text - the kind of payment
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: payments integer count settled payments
-- column: with_fee integer count those that cost something
-- column: amount_minor integer minor sum of the amounts paid
-- column: fee_minor integer minor sum of the fees
SELECT settled.recorded_at::DATE AS settled_on, begun.rail, begun.payment_type, begun.currency,
       any_value(currencies.scale) AS scale,
       count(*) AS payments,
       count(*) FILTER (WHERE begun.fee_minor > 0) AS with_fee,
       sum(begun.amount_minor::HUGEINT) AS amount_minor,
       sum(begun.fee_minor::HUGEINT) AS fee_minor
  FROM payment_events_as_of($as_of_position, $as_of_date) AS settled
  JOIN payments_begun($as_of_position, $as_of_date, NULL, NULL) AS begun ON begun.payment_id = settled.payment_id
  LEFT JOIN currencies ON currencies.currency = begun.currency
 WHERE settled.type = 'payment_settled'
   AND ($currency IS NULL OR begun.currency = $currency)
   AND ($from IS NULL OR settled.recorded_at::DATE >= $from) AND ($to IS NULL OR settled.recorded_at::DATE <= $to)
 GROUP BY settled_on, begun.rail, begun.payment_type, begun.currency
 ORDER BY settled_on, begun.rail, begun.payment_type, begun.currency
