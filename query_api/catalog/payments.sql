-- title: Payments
-- description: Every payment as it is now, from its initiation to its end.
-- column: payment_id text - the payment | pay_4700
-- column: status text - its ISO 20022 status now | ACSC
-- column: last_event text - type of its newest event | payment_settled
-- column: payment_type text - book_transfer, credit_transfer, card_top_up, payout or payment_request | credit_transfer
-- column: rail text - book, sct_inst, card_psp or file | sct_inst
-- column: customer_id text - the customer who pays; null for the institution's own | cust_311
-- column: payee_id text - keyed hash of the party outside; null when there is none | payee_9b2f
-- column: currency text - currency of the amounts | EUR
-- column: amount_minor integer minor amount of the payment | 2500
-- column: fee_minor integer minor what it costs its payer | 20
-- column: reason_code text - ISO 20022 reason of its rejection or return; null otherwise | AC04
-- column: initiated_at timestamp - when it was initiated (UTC) | 2026-03-31T09:15:00Z
-- column: settled_at timestamp - when it settled (UTC); null while it has not | 2026-03-31T09:15:02Z
-- column: ended_at timestamp - when it settled, or was rejected or cancelled (UTC); null while it is open | 2026-03-31T09:15:02Z
-- column: took_ms integer ms from initiation to settlement; null while it has not settled | 2140
-- example: How do the rails do?
--   SELECT rail, count(*) AS payments, count(settled_at) AS settled,
--          quantile_disc(took_ms, 0.95) AS p95_ms
--     FROM payments
--    GROUP BY rail
--    ORDER BY rail
-- example: Which payments have been open for more than a day?
--   SELECT payment_id, rail, status, initiated_at
--     FROM payments
--    WHERE ended_at IS NULL AND initiated_at < now() - INTERVAL 1 DAY
--    ORDER BY initiated_at
CREATE VIEW payments AS
SELECT payment_id,
       arg_max(status, position) AS status,
       arg_max(type, position) AS last_event,
       any_value(payment_type) AS payment_type, any_value(rail) AS rail, any_value(customer_id) AS customer_id,
       any_value(payee_id) AS payee_id, any_value(currency) AS currency, any_value(amount_minor) AS amount_minor,
       max(fee_minor) AS fee_minor,
       arg_max(reason_code, position) AS reason_code,
       min(initiated_at) AS initiated_at,
       min(recorded_at) FILTER (WHERE type = 'payment_settled') AS settled_at,
       min(recorded_at) FILTER (WHERE type IN ('payment_settled', 'payment_rejected', 'payment_cancelled')) AS ended_at,
       date_diff('millisecond', min(initiated_at), min(recorded_at) FILTER (WHERE type = 'payment_settled')) AS took_ms
  FROM all_payment_events
 GROUP BY payment_id;
