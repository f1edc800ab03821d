-- title: General ledger
-- description: Every entry, by account and effective date, with the account's running balance (debits less credits),
-- description: which starts at the beginning of the book, not of the period.
-- drill: /v1/events/{position} position=position
-- parameter: currency text - Only this currency.
-- parameter: account_id text - Only this account.
-- parameter: account_group text - Only accounts whose id begins with this, at `depth`.
-- parameter: depth integer - Number of parts of an id that make a group; all of them if left out.
-- parameter: account_type text - Only accounts of this type.
-- parameter: event_type text - Only what was booked by this kind of event.
-- parameter: from date - First effective date.
-- parameter: to date - Last effective date.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: account_id text - the account
-- column: account_type text - asset, liability, equity, income or expense
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: effective_date date - day from which the entry counts
-- column: position integer count position of the event that booked it
-- column: leg integer count number of the posting within the event
-- column: transfer_id text - the transfer it belongs to
-- column: event_type text - what booked it
-- column: reference text - the client's own reference
-- column: reverses text - the transfer that this one undoes
-- column: debit_minor integer minor the amount, if it is a debit
-- column: credit_minor integer minor the amount, if it is a credit
-- column: balance_minor integer minor running balance of the account, debits less credits
-- column: recorded_at timestamp - when the book decided
WITH running AS (
    SELECT *, sum(amount_minor::HUGEINT) OVER (
               PARTITION BY account_id ORDER BY effective_date, position, leg ROWS UNBOUNDED PRECEDING) AS balance_minor
      FROM entries_as_of($as_of_position, $as_of_date)
     WHERE ($currency IS NULL OR currency = $currency) AND ($account_id IS NULL OR account_id = $account_id)
       AND ($account_type IS NULL OR account_type = $account_type)
       AND ($account_group IS NULL OR account_group(account_id, $depth) = $account_group)
)
SELECT account_id, account_type, currency, scale, effective_date, position, leg, transfer_id, event_type, reference,
       reverses,
       CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT END AS debit_minor,
       CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT END AS credit_minor,
       balance_minor, recorded_at
  FROM running
 WHERE ($from IS NULL OR effective_date >= $from) AND ($to IS NULL OR effective_date <= $to)
   AND ($event_type IS NULL OR event_type = $event_type)
 ORDER BY account_id, effective_date, position, leg
