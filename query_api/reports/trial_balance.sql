-- title: Trial balance
-- description: Debits, credits and balance of every account that ever moved, then one total per currency. The total's
-- description: balance is zero in every currency, or the book is broken. Balances are debits less credits.
-- parameter: currency text - Only this currency.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: level text - account, or total for the line that closes a currency
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: account_type text - asset, liability, equity, income or expense; empty on a total
-- column: account_id text - the account; empty on a total
-- column: debit_minor integer minor sum of the debits
-- column: credit_minor integer minor sum of the credits
-- column: balance_minor integer minor debits less credits
SELECT CASE WHEN GROUPING(account_id) = 1 THEN 'total' ELSE 'account' END AS level,
       currency,
       any_value(scale) AS scale,
       account_type,
       account_id,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS debit_minor,
       sum(CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT ELSE 0::HUGEINT END) AS credit_minor,
       sum(amount_minor::HUGEINT) AS balance_minor
  FROM entries_as_of($as_of_position, $as_of_date)
 WHERE $currency IS NULL OR currency = $currency
 GROUP BY GROUPING SETS ((currency, account_type, account_id), (currency))
 ORDER BY currency, GROUPING(account_id), account_type, account_id
