-- title: Balance sheet
-- description: What there is (assets), what is owed (liabilities) and what is left (equity), by currency, as of a date. The
-- description: result so far, income less expense, is part of equity. Sections close with a total; the difference of assets
-- description: and the rest is zero, or the book is broken. Balances are in each section's normal side.
-- key: currency scale section_no level_no section level account_group
-- drill: general-ledger?level=account currency=currency account_type=section account_group=account_group depth=$depth as_of_date=$as_of_date
-- drill: income-statement?level=result currency=currency to=$as_of_date depth=$depth
-- drill: general-ledger?level=difference currency=currency as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: depth integer =1 Take accounts together by so many first parts of their ids.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: section_no integer count order of the sections
-- column: section text - asset, liability, equity or check
-- column: level_no integer count order of the lines in a section
-- column: level text - account, result, total or difference
-- column: account_group text - the accounts' first parts; empty on the other lines
-- column: balance_minor integer minor the balance
WITH accounts AS (
    SELECT currency, scale, account_type, account_group(account_id, $depth) AS account_group,
           debit_minor - credit_minor AS debits_minor
      FROM movements($as_of_position, NULL, $as_of_date)
     WHERE $currency IS NULL OR currency = $currency
), line AS (
    SELECT currency, scale, account_type AS section, 'account' AS level, account_group,
           CASE account_type WHEN 'asset' THEN debits_minor ELSE -debits_minor END AS balance_minor
      FROM accounts
     WHERE account_type IN ('asset', 'liability', 'equity')
    UNION ALL
    SELECT currency, scale, 'equity', 'result', NULL, -debits_minor
      FROM accounts
     WHERE account_type IN ('income', 'expense')
), closed AS (
    SELECT currency, scale, section, level, account_group, balance_minor FROM line
    UNION ALL
    SELECT currency, scale, section, 'total', NULL, balance_minor FROM line
    UNION ALL
    SELECT currency, scale, 'check', 'difference', NULL,
           CASE section WHEN 'asset' THEN balance_minor ELSE -balance_minor END
      FROM line
)
SELECT currency, scale,
       CASE section WHEN 'asset' THEN 1 WHEN 'liability' THEN 2 WHEN 'equity' THEN 3 ELSE 4 END AS section_no,
       section,
       CASE level WHEN 'account' THEN 1 WHEN 'result' THEN 2 WHEN 'total' THEN 3 ELSE 4 END AS level_no,
       level, account_group,
       sum(balance_minor) AS balance_minor
  FROM closed
 GROUP BY currency, scale, section, level, account_group
 ORDER BY currency, section_no, level_no, account_group
