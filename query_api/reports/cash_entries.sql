-- title: Entries against cash
-- description: The entries that stood against cash, as the cash flow adds them up: what lies behind one of its lines.
-- drill: /v1/events/{position} position=position
-- parameter: cash text required The accounts that are cash: this one and all whose ids begin with it and a colon.
-- parameter: currency text - Only this currency.
-- parameter: account_type text - Only accounts of this type.
-- parameter: account_group text - Only accounts whose id begins with this, at `depth`.
-- parameter: depth integer - Number of parts of an id that make a group; all of them if left out.
-- parameter: from date - First effective date.
-- parameter: to date - Last effective date.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: effective_date date - day from which the entry counts
-- column: position integer count position of the event that booked it
-- column: leg integer count number of the posting within the event
-- column: transfer_id text - the transfer it belongs to
-- column: event_type text - what booked it
-- column: account_id text - the account that stood against cash
-- column: account_type text - its type
-- column: currency text - currency of the amount
-- column: scale integer count decimal places of the currency
-- column: amount_minor integer minor what came into cash (or, negative, went out)
-- column: reference text - the client's own reference
WITH moved AS (
    SELECT DISTINCT position, currency
      FROM entries_as_of($as_of_position, $as_of_date)
     WHERE (account_id = $cash OR starts_with(account_id, $cash || ':'))
       AND ($currency IS NULL OR currency = $currency)
       AND ($from IS NULL OR effective_date >= $from) AND ($to IS NULL OR effective_date <= $to)
)
SELECT effective_date, against.position, leg, transfer_id, event_type, account_id, account_type, against.currency, scale,
       -amount_minor::HUGEINT AS amount_minor, reference
  FROM entries_as_of($as_of_position, $as_of_date) AS against
  JOIN moved ON moved.position = against.position AND moved.currency = against.currency
 WHERE NOT (account_id = $cash OR starts_with(account_id, $cash || ':'))
   AND ($account_type IS NULL OR account_type = $account_type)
   AND ($account_group IS NULL OR account_group(account_id, $depth) = $account_group)
 ORDER BY effective_date, against.position, leg
