-- title: Payment funnel
-- description: How far the payments that were initiated in a period came: how many reached each stage, by rail and currency.
-- description: Rejections and returns are broken down by reason. A payment is counted once per stage, however often it got there.
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of initiation (UTC).
-- parameter: to date - Last day of initiation (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: rail text - the rail
-- column: currency text - currency of the amounts
-- column: stage_no integer count order of the stages
-- column: stage text - initiated, held_for_review, challenged, accepted, instructed, unknown, parked, settled, rejected, cancelled, returned
-- column: reason_code text - ISO 20022 reason of a rejection or return
-- column: payments integer count payments that reached the stage
-- column: amount_minor integer minor sum of their amounts
WITH stages (stage_no, stage, type) AS (
    VALUES (1, 'initiated', 'payment_initiated'),
           (2, 'held_for_review', 'payment_held_for_review'),
           (3, 'challenged', 'payment_authorisation_requested'),
           (4, 'accepted', 'payment_accepted'),
           (5, 'instructed', 'payment_instructed'),
           (6, 'unknown', 'payment_outcome_unknown'),
           (7, 'parked', 'payment_parked'),
           (8, 'settled', 'payment_settled'),
           (9, 'rejected', 'payment_rejected'),
           (10, 'cancelled', 'payment_cancelled'),
           (11, 'returned', 'payment_returned')
), reached AS (
    SELECT begun.rail, begun.currency, stages.stage_no, stages.stage, event.reason_code, begun.payment_id,
           any_value(begun.amount_minor) AS amount_minor
      FROM payments_begun($as_of_position, $as_of_date, $from, $to) AS begun
      JOIN payment_events_as_of($as_of_position, $as_of_date) AS event ON event.payment_id = begun.payment_id
      JOIN stages ON stages.type = event.type
     WHERE $currency IS NULL OR begun.currency = $currency
     GROUP BY begun.rail, begun.currency, stages.stage_no, stages.stage, event.reason_code, begun.payment_id
)
SELECT rail, currency, stage_no, stage, reason_code,
       count(*) AS payments,
       sum(amount_minor::HUGEINT) AS amount_minor
  FROM reached
 GROUP BY rail, currency, stage_no, stage, reason_code
 ORDER BY rail, currency, stage_no, reason_code NULLS FIRST
