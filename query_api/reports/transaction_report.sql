-- title: Transaction report
-- description: Every entry on customers' accounts in a period, with who holds the account, the payment it belongs to and what
-- description: stood against it: the extract that authorities ask for. Personal data is not in the lake; ids lead to it.
-- drill: /v1/events/{position} position=position
-- parameter: customer_id text - Only this customer.
-- parameter: currency text - Only this currency.
-- parameter: from date - First effective date.
-- parameter: to date - Last effective date.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: customer_id text - the customer
-- column: customer_kind text - person or company
-- column: country text - country of the customer, as applied with
-- column: risk_class text - low, medium or high
-- column: account_id text - the customer's account
-- column: effective_date date - day from which the entry counts
-- column: recorded_at timestamp - when the book decided
-- column: position integer count position of the event that booked it
-- column: leg integer count number of the posting within the event
-- column: transfer_id text - the transfer it belongs to
-- column: event_type text - what booked it
-- column: side text - debit or credit
-- column: currency text - currency of the amount
-- column: scale integer count decimal places of the currency
-- column: amount_minor integer minor the amount, always positive
-- column: payment_id text - the payment, if it is one
-- column: payment_type text - the kind of payment
-- column: rail text - the rail it went by
-- column: payee_id text - keyed hash of the party outside
-- column: against text - the other accounts of the entry in this currency, separated by blanks
-- column: reference text - the client's own reference
-- column: reverses text - the transfer that this one undoes
WITH held AS (
    SELECT thing_id AS account_id, any_value(customer_id) AS customer_id
      FROM things_as_of($as_of_position, NULL)
     WHERE kind = 'holder' AND ($customer_id IS NULL OR customer_id = $customer_id)
     GROUP BY thing_id
), own AS (
    SELECT entry.*, held.customer_id
      FROM entries_as_of($as_of_position, $as_of_date) AS entry
      JOIN held ON held.account_id = entry.account_id
     WHERE ($currency IS NULL OR currency = $currency)
       AND ($from IS NULL OR effective_date >= $from) AND ($to IS NULL OR effective_date <= $to)
), opposite AS (
    SELECT own.position, own.leg, string_agg(DISTINCT other.account_id, ' ' ORDER BY other.account_id) AS against
      FROM own
      JOIN entries_as_of($as_of_position, $as_of_date) AS other
        ON other.position = own.position AND other.currency = own.currency AND other.leg <> own.leg
       AND (other.amount_minor > 0) <> (own.amount_minor > 0)
     GROUP BY own.position, own.leg
)
SELECT own.customer_id, customer.customer_kind, customer.country, customer.risk_class, own.account_id, effective_date,
       own.recorded_at, own.position, own.leg, transfer_id, event_type,
       CASE WHEN amount_minor > 0 THEN 'debit' ELSE 'credit' END AS side,
       own.currency, own.scale, abs(amount_minor::HUGEINT) AS amount_minor,
       payment.payment_id, payment.payment_type, payment.rail, payment.payee_id, opposite.against, reference, reverses
  FROM own
  LEFT JOIN customers_as_of($as_of_position, NULL) AS customer ON customer.customer_id = own.customer_id
  LEFT JOIN (SELECT position, payment_id, payment_type, rail, payee_id FROM payment_events_as_of($as_of_position, NULL))
         AS payment ON payment.position = own.position
  LEFT JOIN opposite ON opposite.position = own.position AND opposite.leg = own.leg
 ORDER BY own.customer_id, own.account_id, effective_date, own.position, own.leg
