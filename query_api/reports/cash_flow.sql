-- title: Cash flow
-- description: Where cash came from and went to in a period (direct method), by currency: what moved on the accounts under
-- description: `cash`, by what stood against it in the same entry. Opening, the flows and closing add up. Against equity is
-- description: financing, against other assets investing, everything else operating. Inflows are positive.
-- key: currency scale section_no section account_type account_group
-- drill: cash-entries?section=operating|investing|financing currency=currency account_type=account_type account_group=account_group depth=$depth cash=$cash from=$from to=$to as_of_date=$as_of_date
-- parameter: cash text required The accounts that are cash: this one and all whose ids begin with it and a colon.
-- parameter: currency text - Only this currency.
-- parameter: depth integer =1 Take the other accounts together by so many first parts of their ids.
-- parameter: from date - First effective date; the beginning of the book if left out.
-- parameter: to date - Last effective date; the end of the book if left out.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: section_no integer count order of the sections
-- column: section text - opening, operating, investing, financing or closing
-- column: account_type text - type of the accounts that stood against cash; empty on opening and closing
-- column: account_group text - their ids' first parts; empty on opening and closing
-- column: amount_minor integer minor what came in, less what went out; a balance on opening and closing
WITH cash AS (
    SELECT currency, scale, position, effective_date, amount_minor
      FROM entries_as_of($as_of_position, $as_of_date)
     WHERE (account_id = $cash OR starts_with(account_id, $cash || ':'))
       AND ($currency IS NULL OR currency = $currency) AND ($to IS NULL OR effective_date <= $to)
), moved AS (
    SELECT DISTINCT position, currency FROM cash WHERE $from IS NULL OR effective_date >= $from
), line AS (
    SELECT currency, scale, 1 AS section_no, 'opening' AS section, NULL AS account_type, NULL AS account_group,
           sum(CASE WHEN effective_date < $from THEN amount_minor ELSE 0 END::HUGEINT) AS amount_minor
      FROM cash
     GROUP BY currency, scale
    UNION ALL
    SELECT against.currency, against.scale,
           CASE account_type WHEN 'asset' THEN 3 WHEN 'equity' THEN 4 ELSE 2 END,
           CASE account_type WHEN 'asset' THEN 'investing' WHEN 'equity' THEN 'financing' ELSE 'operating' END,
           account_type, account_group(account_id, $depth),
           -sum(amount_minor::HUGEINT)
      FROM entries_as_of($as_of_position, $as_of_date) AS against
      JOIN moved ON moved.position = against.position AND moved.currency = against.currency
     WHERE NOT (account_id = $cash OR starts_with(account_id, $cash || ':'))
     GROUP BY ALL
    UNION ALL
    SELECT currency, scale, 5, 'closing', NULL, NULL, sum(amount_minor::HUGEINT) FROM cash GROUP BY currency, scale
)
SELECT currency, scale, section_no, section, account_type, account_group, amount_minor
  FROM line
 ORDER BY currency, section_no, account_type, account_group
