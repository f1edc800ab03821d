-- title: Fee revenue
-- description: What settled payments cost their payers, by day of settlement (UTC), rail, kind and currency.
-- column: settled_on date - day of settlement (UTC) | 2026-03-31
-- column: rail text - book, sct_inst, card_psp or file | sct_inst
-- column: payment_type text - the kind of payment | credit_transfer
-- column: currency text - currency of the amounts | EUR
-- column: payments integer count settled payments | 41
-- column: amount_minor integer minor sum of the amounts paid | 102500
-- column: fee_minor integer minor sum of the fees | 820
-- example: What did each rail earn per month?
--   SELECT date_trunc('month', settled_on) AS month, rail, currency, sum(fee_minor) AS fee_minor
--     FROM fee_revenue
--    GROUP BY month, rail, currency
--    ORDER BY month, rail, currency
CREATE VIEW fee_revenue AS
SELECT settled.recorded_at::DATE AS settled_on, begun.rail, begun.payment_type, begun.currency,
       count(*) AS payments,
       sum(begun.amount_minor::HUGEINT) AS amount_minor,
       sum(begun.fee_minor::HUGEINT) AS fee_minor
  FROM all_payment_events AS settled
  JOIN all_payment_events AS begun ON begun.payment_id = settled.payment_id AND begun.type = 'payment_initiated'
 WHERE settled.type = 'payment_settled'
 GROUP BY ALL;
