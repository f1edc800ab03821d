-- title: Ageing of holds
-- description: What open holds still reserve, by the type of the account it is reserved on and how long ago they were
-- description: placed. Ages count to the end of `as_of_date`, or to the time of the position.
-- key: currency scale account_type age
-- drill: open-holds currency=currency account_type=account_type age=age as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: account_type text - type of the account that would pay
-- column: age text - days of age, from-to
-- column: holds integer count how many
-- column: expired integer count of them past their deadline, not yet given back
-- column: remaining_minor integer minor what they still reserve
-- column: oldest_days integer days age of the oldest in whole days
SELECT account.currency, account.scale, account.account_type,
       age_bucket(date_sub('day', placed_at, moment($as_of_date, $as_of_at))) AS age,
       count(DISTINCT thing_id) AS holds,
       count(DISTINCT thing_id) FILTER (WHERE expires_at < moment($as_of_date, $as_of_at)) AS expired,
       sum(remaining_minor::HUGEINT) AS remaining_minor,
       max(date_sub('day', placed_at, moment($as_of_date, $as_of_at))) AS oldest_days
  FROM open_holds_as_of($as_of_position, $as_of_date) AS leg
  JOIN accounts_as_of($as_of_position) AS account ON account.account_id = leg.debit_account_id
 WHERE $currency IS NULL OR account.currency = $currency
 GROUP BY account.currency, account.scale, account.account_type, age
 ORDER BY account.currency, account.account_type, age
