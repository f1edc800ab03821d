-- title: Clearing costs
-- description: What rails settled with the institution and what they charged for it, by day, rail and currency.
-- key: settled_on rail currency scale
-- drill: /v1/clearing-settlements account_id=account_id
-- parameter: currency text - Only this currency.
-- parameter: rail text - Only this rail.
-- parameter: from date - First day of settlement.
-- parameter: to date - Last day of settlement.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: settled_on date - effective day of the settlement
-- column: rail text - the rail
-- column: account_id text - the clearing account
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: settlements integer count how many
-- column: amount_minor integer minor what went through the clearing account
-- column: fee_minor integer minor what the rail charged
SELECT on_date AS settled_on, label AS rail, account_id, settled.currency, any_value(currencies.scale) AS scale,
       count(*) AS settlements,
       sum(amount_minor::HUGEINT) AS amount_minor,
       sum((details->>'fee_minor')::HUGEINT) AS fee_minor
  FROM things_as_of($as_of_position, $as_of_date) AS settled
  LEFT JOIN currencies ON currencies.currency = settled.currency
 WHERE kind = 'clearing'
   AND ($currency IS NULL OR settled.currency = $currency) AND ($rail IS NULL OR label = $rail)
   AND ($from IS NULL OR on_date >= $from) AND ($to IS NULL OR on_date <= $to)
 GROUP BY on_date, label, account_id, settled.currency
 ORDER BY on_date, label, account_id, settled.currency
