-- title: Trial balance
-- description: Debits, credits and balance of every account that ever moved, by everything booked so far. The balances of
-- description: one currency add up to zero. For a past date or position use the report `trial-balance`.
-- column: currency text - currency of the amounts | EUR
-- column: scale integer count decimal places of the currency | 2
-- column: account_type text - asset, liability, equity, income or expense | asset
-- column: account_id text - the account | assets:cash:eur
-- column: debit_minor integer minor sum of the debits | 120000
-- column: credit_minor integer minor sum of the credits | 20000
-- column: balance_minor integer minor debits less credits | 100000
-- example: What do we hold, owe, own, earn and spend, by currency?
--   SELECT currency, account_type, sum(balance_minor) AS balance_minor
--     FROM trial_balance
--    GROUP BY currency, account_type
--    ORDER BY currency, account_type
CREATE VIEW trial_balance AS
SELECT currency, any_value(scale) AS scale, any_value(account_type) AS account_type, account_id,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS debit_minor,
       sum(CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT ELSE 0::HUGEINT END) AS credit_minor,
       sum(amount_minor::HUGEINT) AS balance_minor
  FROM all_entries
 GROUP BY currency, account_id;
