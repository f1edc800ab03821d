-- title: Daily balances
-- description: The closing balance of every account on every day on which something took effect, with the day's turnover.
-- description: Between two rows the balance stands.
-- column: effective_date date - the day | 2026-03-31
-- column: account_id text - the account | customers:alice:eur
-- column: account_type text - asset, liability, equity, income or expense | liability
-- column: currency text - currency of the amounts | EUR
-- column: scale integer count decimal places of the currency | 2
-- column: debit_minor integer minor sum of the day's debits | 1000
-- column: credit_minor integer minor sum of the day's credits | 2500
-- column: closing_minor integer minor balance at the end of the day, debits less credits | -7500
-- column: entries integer count the day's postings | 3
-- example: How did the cash accounts stand at each month's end?
--   SELECT date_trunc('month', effective_date) AS month, account_id,
--          arg_max(closing_minor, effective_date) AS closing_minor
--     FROM daily_balances
--    WHERE account_type = 'asset'
--    GROUP BY month, account_id
--    ORDER BY month, account_id
CREATE VIEW daily_balances AS
WITH days AS (
    SELECT effective_date, account_id, any_value(account_type) AS account_type, any_value(currency) AS currency,
           any_value(scale) AS scale,
           sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS debit_minor,
           sum(CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT ELSE 0::HUGEINT END) AS credit_minor,
           count(*) AS entries
      FROM all_entries
     GROUP BY effective_date, account_id
)
SELECT effective_date, account_id, account_type, currency, scale, debit_minor, credit_minor,
       sum(debit_minor - credit_minor) OVER (
           PARTITION BY account_id ORDER BY effective_date ROWS UNBOUNDED PRECEDING) AS closing_minor,
       entries
  FROM days;
