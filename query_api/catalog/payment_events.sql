-- title: Payment events
-- description: Everything that happened to payments, one row per event.
-- column: position integer - position of the event | 4711
-- column: payment_id text - the payment | pay_4700
-- column: type text - type of the event, such as payment_settled | payment_settled
-- column: status text - ISO 20022 status after the event | ACSC
-- column: payment_type text - book_transfer, credit_transfer, card_top_up, payout or payment_request | credit_transfer
-- column: rail text - book, sct_inst, card_psp or file | sct_inst
-- column: customer_id text - the customer who pays; null for the institution's own | cust_311
-- column: payee_id text - keyed hash of the party outside; null when there is none | payee_9b2f
-- column: currency text - currency of the amount | EUR
-- column: amount_minor integer minor amount of the payment | 2500
-- column: reason_code text - ISO 20022 reason of a rejection or return; null otherwise | AC04
-- column: attempt integer count number of the attempt on a rail; null where the event is none | 1
-- column: recorded_at timestamp - when the book decided (UTC) | 2026-03-31T09:15:00Z
-- example: Why were payments rejected or returned?
--   SELECT rail, type, reason_code, count(*) AS payments
--     FROM payment_events
--    WHERE type IN ('payment_rejected', 'payment_returned')
--    GROUP BY rail, type, reason_code
--    ORDER BY payments DESC, rail, reason_code
CREATE VIEW payment_events AS
SELECT position, payment_id, type, status, payment_type, rail, customer_id, payee_id, currency, amount_minor, reason_code,
       attempt, recorded_at
  FROM all_payment_events;
