-- title: Payment funnel
-- description: How far the payments that were initiated in a period came: how many reached each stage, by rail and currency.
-- description: Rejections and returns are broken down by reason. A payment is counted once per stage, however often it got there.
-- key: rail currency scale stage_no stage reason_code
-- drill: payment-list rail=rail currency=currency stage=stage reason_code=reason_code from=$from to=$to as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of initiation (UTC).
-- parameter: to date - Last day of initiation (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: rail text - the rail
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: stage_no integer count order of the stages
-- column: stage text - initiated, held_for_review, challenged, accepted, instructed, unknown, parked, settled, rejected, cancelled, returned
-- column: reason_code text - ISO 20022 reason of a rejection or return
-- column: payments integer count payments that reached the stage
-- column: amount_minor integer minor sum of their amounts
WITH reached AS (
    SELECT begun.rail, begun.currency, stages.stage_no, stages.stage, event.reason_code, begun.payment_id,
           any_value(begun.amount_minor) AS amount_minor
      FROM payments_begun($as_of_position, $as_of_date, $from, $to) AS begun
      JOIN payment_events_as_of($as_of_position, $as_of_date) AS event ON event.payment_id = begun.payment_id
      JOIN payment_stages AS stages ON stages.type = event.type
     WHERE $currency IS NULL OR begun.currency = $currency
     GROUP BY begun.rail, begun.currency, stages.stage_no, stages.stage, event.reason_code, begun.payment_id
)
SELECT rail, currency, any_value(currencies.scale) AS scale, stage_no, stage, reason_code,
       count(*) AS payments,
       sum(amount_minor::HUGEINT) AS amount_minor
  FROM reached LEFT JOIN currencies USING (currency)
 GROUP BY rail, currency, stage_no, stage, reason_code
 ORDER BY rail, currency, stage_no, reason_code NULLS FIRST
