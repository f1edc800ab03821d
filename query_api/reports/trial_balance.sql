-- title: Trial balance
-- description: Debits, credits and balance of every account that ever moved, then one total per currency. The total's
-- description: balance is zero in every currency, or the book is broken. Balances are debits less credits.
-- key: currency scale level account_type account_id
-- drill: general-ledger?level=account account_id=account_id as_of_date=$as_of_date
-- drill: general-ledger?level=total currency=currency as_of_date=$as_of_date
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
       sum(debit_minor) AS debit_minor,
       sum(credit_minor) AS credit_minor,
       sum(debit_minor - credit_minor) AS balance_minor
  FROM movements($as_of_position, NULL, $as_of_date)
 WHERE $currency IS NULL OR currency = $currency
 GROUP BY GROUPING SETS ((currency, account_type, account_id), (currency))
 ORDER BY currency, GROUPING(account_id), account_type, account_id
