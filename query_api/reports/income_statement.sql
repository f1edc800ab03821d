-- title: Income statement
-- description: Income and expense of a period by currency, each with its total, and the result: income less expense.
-- description: Amounts are in each section's normal side.
-- key: currency scale section_no level_no section level account_group
-- drill: general-ledger?level=account currency=currency account_type=section account_group=account_group depth=$depth from=$from to=$to as_of_date=$as_of_date
-- drill: general-ledger?level=total currency=currency account_type=section from=$from to=$to as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: depth integer - Take accounts together by so many first parts of their ids; each by itself if left out.
-- parameter: from date - First effective date; the beginning of the book if left out.
-- parameter: to date - Last effective date; the end of the book if left out.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: section_no integer count order of the sections
-- column: section text - income, expense or result
-- column: level_no integer count order of the lines in a section
-- column: level text - account, total or result
-- column: account_group text - the accounts' first parts, or the account; empty on the other lines
-- column: amount_minor integer minor the amount
WITH line AS (
    SELECT currency, scale, account_type AS section, account_group(account_id, $depth) AS account_group,
           CASE account_type WHEN 'income' THEN credit_minor - debit_minor ELSE debit_minor - credit_minor END
               AS amount_minor
      FROM movements($as_of_position, $from, CASE WHEN $as_of_date < $to OR $to IS NULL THEN $as_of_date ELSE $to END)
     WHERE account_type IN ('income', 'expense') AND ($currency IS NULL OR currency = $currency)
), closed AS (
    SELECT currency, scale, section, 'account' AS level, account_group, amount_minor FROM line
    UNION ALL
    SELECT currency, scale, section, 'total', NULL, amount_minor FROM line
    UNION ALL
    SELECT currency, scale, 'result', 'result', NULL, CASE section WHEN 'income' THEN amount_minor ELSE -amount_minor END
      FROM line
)
SELECT currency, scale,
       CASE section WHEN 'income' THEN 1 WHEN 'expense' THEN 2 ELSE 3 END AS section_no,
       section,
       CASE level WHEN 'account' THEN 1 WHEN 'total' THEN 2 ELSE 3 END AS level_no,
       level, account_group,
       sum(amount_minor) AS amount_minor
  FROM closed
 GROUP BY currency, scale, section, level, account_group
 ORDER BY currency, section_no, level_no, account_group
