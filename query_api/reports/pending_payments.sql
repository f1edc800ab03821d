-- title: Ageing of pending payments
-- description: Payments that have neither settled nor been rejected or cancelled, by rail, what they wait for and how long
-- description: ago they were initiated. Ages count to the end of `as_of_date`, or to the time of the position.
-- key: currency scale rail waits_after age
-- drill: payment-list currency=currency rail=rail last_event=waits_after age=age pending=1 as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: rail text - Only this rail.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: rail text - the rail
-- column: waits_after text - what happened last
-- column: age text - days of age, from-to
-- column: payments integer count how many
-- column: amount_minor integer minor sum of their amounts
-- column: oldest_days integer days age of the oldest in whole days
WITH payment AS (
    SELECT payment_id, min(recorded_at) AS begun_at, arg_max(type, position) AS waits_after,
           arg_max(status, position) AS status, any_value(rail) AS rail, any_value(currency) AS currency,
           any_value(amount_minor) AS amount_minor
      FROM payment_events_as_of($as_of_position, $as_of_date)
     GROUP BY payment_id
), aged AS (
    SELECT *, date_sub('day', begun_at, moment($as_of_date, $as_of_at)) AS days
      FROM payment
     WHERE status NOT IN ('ACSC', 'RJCT', 'CANC')
)
SELECT aged.currency, any_value(currencies.scale) AS scale, rail, waits_after, age_bucket(days) AS age,
       count(*) AS payments,
       sum(amount_minor::HUGEINT) AS amount_minor,
       max(days) AS oldest_days
  FROM aged LEFT JOIN currencies USING (currency)
 WHERE ($currency IS NULL OR aged.currency = $currency) AND ($rail IS NULL OR rail = $rail)
 GROUP BY aged.currency, rail, waits_after, age
 ORDER BY aged.currency, rail, waits_after, age
