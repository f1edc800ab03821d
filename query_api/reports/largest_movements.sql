-- title: Largest movements
-- description: The greatest entries of a period, per currency, without regard to side; what took effect earlier first among
-- description: equals.
-- drill: /v1/transfers/{transfer_id} transfer_id=transfer_id
-- parameter: currency text - Only this currency.
-- parameter: account_type text - Only accounts of this type.
-- parameter: top integer =20 How many per currency.
-- parameter: from date - First effective date.
-- parameter: to date - Last effective date.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amount
-- column: scale integer count decimal places of the currency
-- column: rank integer count place in its currency, from 1
-- column: amount_minor integer minor the amount, always positive
-- column: side text - debit or credit
-- column: account_id text - the account
-- column: account_type text - its type
-- column: effective_date date - day from which the entry counts
-- column: position integer count position of the event that booked it
-- column: leg integer count number of the posting within the event
-- column: transfer_id text - the transfer it belongs to
-- column: event_type text - what booked it
-- column: reference text - the client's own reference
SELECT currency, scale,
       row_number() OVER (PARTITION BY currency ORDER BY abs(amount_minor::HUGEINT) DESC, effective_date, position, leg)
           AS rank,
       abs(amount_minor::HUGEINT) AS amount_minor,
       CASE WHEN amount_minor > 0 THEN 'debit' ELSE 'credit' END AS side,
       account_id, account_type, effective_date, position, leg, transfer_id, event_type, reference
  FROM entries_as_of($as_of_position, $as_of_date)
 WHERE ($currency IS NULL OR currency = $currency) AND ($account_type IS NULL OR account_type = $account_type)
   AND ($from IS NULL OR effective_date >= $from) AND ($to IS NULL OR effective_date <= $to)
QUALIFY rank <= $top
 ORDER BY currency, rank
