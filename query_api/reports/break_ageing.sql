-- title: Ageing of breaks
-- description: Differences between book and bank that nobody has settled, by account, kind, state and age. Ages count from
-- description: the day they were opened to `as_of_date`, or to the day of the position.
-- key: account_id currency scale break_kind status age
-- drill: /v1/breaks account_id=account_id status=status
-- parameter: currency text - Only this currency.
-- parameter: account_id text - Only breaks of this account.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: account_id text - the account whose statement it is
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: break_kind text - what sort of difference
-- column: status text - open, assigned or write_off_proposed
-- column: age text - days of age, from-to
-- column: breaks integer count how many
-- column: difference_minor integer minor the lines less the entries
-- column: gross_minor integer minor the same, each without its sign
-- column: oldest_days integer days age of the oldest in whole days
WITH aged AS (
    SELECT *, date_diff('day', opened_on, COALESCE($as_of_date, $as_of_at::DATE)) AS days
      FROM open_breaks_as_of($as_of_position, $as_of_date)
     WHERE ($currency IS NULL OR currency = $currency) AND ($account_id IS NULL OR account_id = $account_id)
)
SELECT account_id, aged.currency, any_value(currencies.scale) AS scale, break_kind, status, age_bucket(days) AS age,
       count(*) AS breaks,
       sum(difference_minor::HUGEINT) AS difference_minor,
       sum(abs(difference_minor::HUGEINT)) AS gross_minor,
       max(days) AS oldest_days
  FROM aged LEFT JOIN currencies ON currencies.currency = aged.currency
 GROUP BY account_id, aged.currency, break_kind, status, age
 ORDER BY account_id, aged.currency, break_kind, status, age
