-- title: Open holds
-- description: The legs of holds that still reserve something, oldest first: what lies behind the ageing of holds.
-- drill: /v1/holds/{hold_id} hold_id=hold_id
-- parameter: currency text - Only this currency.
-- parameter: account_id text - Only on this account.
-- parameter: account_type text - Only on accounts of this type.
-- parameter: age text - Only those of this class of age, as the ageing of holds has it.
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: hold_id text - the hold
-- column: leg integer count number of the leg, from 0
-- column: debit_account_id text - the account it is reserved on
-- column: credit_account_id text - the account it would go to
-- column: currency text - currency of the amount
-- column: scale integer count decimal places of the currency
-- column: remaining_minor integer minor what is still reserved
-- column: placed_at timestamp - when it was placed
-- column: expires_at timestamp - when it expires
SELECT thing_id AS hold_id, leg, debit_account_id, credit_account_id, account.currency, account.scale,
       remaining_minor::HUGEINT AS remaining_minor, placed_at, expires_at
  FROM open_holds_as_of($as_of_position, $as_of_date) AS leg
  JOIN accounts_as_of($as_of_position) AS account ON account.account_id = leg.debit_account_id
 WHERE ($currency IS NULL OR account.currency = $currency)
   AND ($account_id IS NULL OR leg.debit_account_id = $account_id)
   AND ($account_type IS NULL OR account.account_type = $account_type)
   AND ($age IS NULL OR age_bucket(date_sub('day', placed_at, moment($as_of_date, $as_of_at))) = $age)
 ORDER BY placed_at, thing_id, leg
