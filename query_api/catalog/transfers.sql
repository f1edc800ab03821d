-- title: Transfers
-- description: Every booked transfer, as one row per currency: what it moved, between how many accounts, and whether it
-- description: undoes another.
-- column: transfer_id text - the transfer | xfer_4711
-- column: position integer - position of the event that booked it | 4711
-- column: event_type text - transfer_posted, transfer_reversed, hold_captured or payment_settled | transfer_posted
-- column: currency text - currency of the amount | EUR
-- column: scale integer count decimal places of the currency | 2
-- column: amount_minor integer minor sum of its debits | 2500
-- column: accounts integer count how many accounts it touched | 2
-- column: effective_date date - day from which it counts | 2026-03-31
-- column: recorded_at timestamp - when the book decided (UTC) | 2026-03-31T09:15:00Z
-- column: reference text - the client's own reference; null without one | invoice-88
-- column: reverses text - the transfer that this one undoes; null for most | xfer_4650
-- example: How much moved per day and currency?
--   SELECT effective_date, currency, count(*) AS transfers, sum(amount_minor) AS amount_minor
--     FROM transfers
--    GROUP BY effective_date, currency
--    ORDER BY effective_date, currency
-- example: Which transfers were booked for a day before they were recorded?
--   SELECT transfer_id, effective_date, recorded_at
--     FROM transfers
--    WHERE effective_date < recorded_at::DATE
--    ORDER BY position
CREATE VIEW transfers AS
SELECT transfer_id, position, any_value(event_type) AS event_type, currency, any_value(scale) AS scale,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS amount_minor,
       count(DISTINCT account_id) AS accounts,
       any_value(effective_date) AS effective_date, any_value(recorded_at) AS recorded_at,
       any_value(reference) AS reference, any_value(reverses) AS reverses
  FROM all_entries
 GROUP BY transfer_id, position, currency;
