-- title: Payments
-- description: The payments that were initiated in a period, with how far they came: what lies behind the other reports on
-- description: payments. Statuses and reasons are ISO 20022's.
-- drill: /v1/payments/{payment_id} payment_id=payment_id
-- parameter: currency text - Only this currency.
-- parameter: rail text - Only this rail.
-- parameter: payment_type text - Only this kind of payment.
-- parameter: customer_id text - Only payments of this customer.
-- parameter: stage text - Only those that reached this stage of the funnel.
-- parameter: reason_code text - Only those that reached it for this reason.
-- parameter: settled_on date - Only those that settled on this day (UTC).
-- parameter: pending integer - 1: only those that have not ended; 0: only those that have.
-- parameter: last_event text - Only those to which this happened last.
-- parameter: age text - Only those of this class of age, as the ageing of pending payments has it.
-- parameter: from date - First day of initiation (UTC).
-- parameter: to date - Last day of initiation (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: payment_id text - the payment
-- column: initiated_at timestamp - when the book received it
-- column: payment_type text - the kind of payment
-- column: rail text - the rail
-- column: customer_id text - the customer who pays
-- column: payee_id text - keyed hash of the party outside
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: amount_minor integer minor the amount
-- column: fee_minor integer minor the fee
-- column: status text - ISO 20022 status
-- column: last_event text - what happened last
-- column: changed_at timestamp - when that was
-- column: reason_code text - ISO 20022 reason of its last rejection or return
-- column: settled_at timestamp - when it settled, if it did
WITH event AS (
    SELECT payment_id, arg_max(status, position) AS status, arg_max(type, position) AS last_event,
           max(recorded_at) AS changed_at, arg_max(reason_code, position) FILTER (WHERE reason_code IS NOT NULL) AS reason_code,
           min(recorded_at) FILTER (WHERE type = 'payment_settled') AS settled_at
      FROM payment_events_as_of($as_of_position, $as_of_date)
     GROUP BY payment_id
), reached AS (
    SELECT DISTINCT payment_id
      FROM payment_events_as_of($as_of_position, $as_of_date) AS event
      JOIN payment_stages USING (type)
     WHERE ($stage IS NULL OR stage = $stage) AND ($reason_code IS NULL OR reason_code = $reason_code)
)
SELECT begun.payment_id, begun.recorded_at AS initiated_at, begun.payment_type, begun.rail, begun.customer_id,
       begun.payee_id, begun.currency, currencies.scale, begun.amount_minor::HUGEINT AS amount_minor,
       begun.fee_minor::HUGEINT AS fee_minor, event.status, event.last_event, event.changed_at, event.reason_code,
       event.settled_at
  FROM payments_begun($as_of_position, $as_of_date, $from, $to) AS begun
  JOIN event ON event.payment_id = begun.payment_id
  JOIN reached ON reached.payment_id = begun.payment_id
  LEFT JOIN currencies ON currencies.currency = begun.currency
 WHERE ($currency IS NULL OR begun.currency = $currency) AND ($rail IS NULL OR begun.rail = $rail)
   AND ($payment_type IS NULL OR begun.payment_type = $payment_type)
   AND ($customer_id IS NULL OR begun.customer_id = $customer_id)
   AND ($settled_on IS NULL OR event.settled_at::DATE = $settled_on)
   AND ($pending IS NULL OR (event.status IN ('ACSC', 'RJCT', 'CANC')) = ($pending = 0))
   AND ($last_event IS NULL OR event.last_event = $last_event)
   AND ($age IS NULL OR age_bucket(date_sub('day', begun.recorded_at, moment($as_of_date, $as_of_at))) = $age)
 ORDER BY begun.position
