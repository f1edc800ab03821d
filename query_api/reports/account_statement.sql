-- title: Account statement
-- description: One account over a period: its opening balance, its entries by effective date with the balance after each,
-- description: and its closing balance. Balances are in the account's normal side.
-- drill: /v1/events/{position} position=position
-- parameter: account_id text required The account.
-- parameter: from date - First effective date; the beginning of the book if left out.
-- parameter: to date - Last effective date; the end of the book if left out.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: line text - opening, entry or closing
-- column: account_id text - the account
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: effective_date date - day from which the entry counts
-- column: position integer count position of the event that booked it
-- column: leg integer count number of the posting within the event
-- column: transfer_id text - the transfer it belongs to
-- column: event_type text - what booked it
-- column: reference text - the client's own reference
-- column: side text - debit or credit
-- column: amount_minor integer minor the amount, always positive
-- column: balance_minor integer minor balance after this line
-- column: recorded_at timestamp - when the book decided
WITH account AS (
    SELECT account_id, currency, scale, CASE normal_side WHEN 'debit' THEN 1 ELSE -1 END AS normal_sign
      FROM accounts_as_of($as_of_position)
     WHERE account_id = $account_id
), running AS (
    SELECT entry.*,
           sum(account.normal_sign * entry.amount_minor::HUGEINT) OVER (
               ORDER BY effective_date, position, leg ROWS UNBOUNDED PRECEDING) AS balance_minor
      FROM entries_as_of($as_of_position, $as_of_date) AS entry
      JOIN account ON account.account_id = entry.account_id
     WHERE entry.account_id = $account_id
), line AS (
    SELECT 0 AS place, 'opening' AS line, NULL AS effective_date, NULL AS position, NULL AS leg, NULL AS transfer_id,
           NULL AS event_type, NULL AS reference, NULL AS amount_minor, NULL AS recorded_at,
           COALESCE((SELECT arg_max(balance_minor, (effective_date, position, leg)) FROM running
                      WHERE effective_date < $from), 0::HUGEINT) AS balance_minor
    UNION ALL
    SELECT 1, 'entry', effective_date, position, leg, transfer_id, event_type, reference, amount_minor, recorded_at,
           balance_minor
      FROM running
     WHERE ($from IS NULL OR effective_date >= $from) AND ($to IS NULL OR effective_date <= $to)
    UNION ALL
    SELECT 2, 'closing', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           COALESCE((SELECT arg_max(balance_minor, (effective_date, position, leg)) FROM running
                      WHERE $to IS NULL OR effective_date <= $to), 0::HUGEINT)
)
SELECT line, account.account_id, account.currency, account.scale, effective_date, position, leg, transfer_id, event_type,
       reference,
       CASE WHEN amount_minor > 0 THEN 'debit' WHEN amount_minor < 0 THEN 'credit' END AS side,
       abs(amount_minor::HUGEINT) AS amount_minor, balance_minor, recorded_at
  FROM line, account
 ORDER BY place, effective_date, position, leg
