-- title: Accounts
-- description: Every account as it is now: its terms, its status and its posted balance. What holds reserve is not in the
-- description: lake; ask `/v1/accounts/{account_id}/balance` for the available balance.
-- column: account_id text - the account | customers:alice:eur
-- column: account_type text - asset, liability, equity, income or expense | liability
-- column: normal_side text - the side on which it grows: debit or credit | credit
-- column: currency text - its currency | EUR
-- column: scale integer count decimal places of the currency | 2
-- column: status text - open, frozen or closed | open
-- column: overdraft text - forbidden, limited or unlimited | forbidden
-- column: credit_limit_minor integer minor limit of a limited overdraft; null otherwise | 50000
-- column: max_balance_minor integer minor greatest balance allowed; null without one | 1500000
-- column: posted_minor integer minor balance, in the normal side | 7500
-- column: entries integer count how many postings made it | 12
-- column: last_effective_date date - the latest day for which something is booked; null for an empty account | 2026-03-31
-- column: opened_at timestamp - when it was opened (UTC) | 2026-01-02T08:00:00Z
-- column: changed_at timestamp - when its terms or status last changed (UTC) | 2026-01-02T08:00:00Z
-- example: Which customers' accounts hold the most?
--   SELECT account_id, currency, posted_minor
--     FROM accounts
--    WHERE account_id LIKE 'customers:%'
--    ORDER BY posted_minor DESC, account_id
--    LIMIT 20
-- example: Do all assets equal what is owed, owned and earned? (one zero per currency)
--   SELECT currency, sum(CASE normal_side WHEN 'debit' THEN posted_minor ELSE -posted_minor END) AS difference_minor
--     FROM accounts
--    GROUP BY currency
--    ORDER BY currency
CREATE VIEW accounts AS
WITH booked AS (
    SELECT account_id, sum(amount_minor::HUGEINT) AS signed_minor, count(*) AS entries,
           max(effective_date) AS last_effective_date
      FROM all_entries
     GROUP BY account_id
), opened AS (
    SELECT account_id, min(recorded_at) AS opened_at FROM account_changes GROUP BY account_id
)
SELECT account.account_id, account.account_type, account.normal_side, account.currency, account.scale, account.status,
       account.overdraft, account.credit_limit_minor, account.max_balance_minor,
       coalesce(booked.signed_minor, 0::HUGEINT) * CASE account.normal_side WHEN 'debit' THEN 1 ELSE -1 END AS posted_minor,
       coalesce(booked.entries, 0) AS entries,
       booked.last_effective_date, opened.opened_at, account.recorded_at AS changed_at
  FROM accounts_as_of(NULL) AS account
  JOIN opened ON opened.account_id = account.account_id
  LEFT JOIN booked ON booked.account_id = account.account_id;
