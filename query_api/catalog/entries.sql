-- title: Entries
-- description: Every posting of the book: one row per account that a transfer, a captured hold or a settled payment moved.
-- description: The amounts of one position and currency add up to zero.
-- column: position integer - position of the event that booked it | 4711
-- column: leg integer count number of the posting within the event, from 0 | 0
-- column: event_type text - transfer_posted, transfer_reversed, hold_captured or payment_settled | transfer_posted
-- column: transfer_id text - the transfer it belongs to | xfer_4711
-- column: account_id text - the account | customers:alice:eur
-- column: account_type text - asset, liability, equity, income or expense | liability
-- column: currency text - currency of the account and the amounts | EUR
-- column: scale integer count decimal places of the currency | 2
-- column: side text - debit or credit | credit
-- column: amount_minor integer minor the amount, always positive | 2500
-- column: signed_minor integer minor debit positive, credit negative; what to add up | -2500
-- column: balance_minor integer minor balance that the entry left, in the account's normal side | 7500
-- column: effective_date date - day from which the entry counts | 2026-03-31
-- column: recorded_at timestamp - when the book decided (UTC) | 2026-03-31T09:15:00Z
-- column: reference text - the client's own reference; null without one | invoice-88
-- column: reverses text - the transfer that this one undoes; null for most | xfer_4650
-- example: What moved on an account in March?
--   SELECT effective_date, side, amount_minor, balance_minor, reference
--     FROM entries
--    WHERE account_id = $account_id AND effective_date BETWEEN '2026-03-01' AND '2026-03-31'
--    ORDER BY effective_date, position, leg
-- example: Is every event balanced? (no rows: yes)
--   SELECT position, currency, sum(signed_minor) AS difference_minor
--     FROM entries
--    GROUP BY position, currency
--   HAVING sum(signed_minor) <> 0
CREATE VIEW entries AS
SELECT position, leg, event_type, transfer_id, account_id, account_type, currency, scale,
       CASE WHEN amount_minor < 0 THEN 'credit' ELSE 'debit' END AS side,
       abs(amount_minor::HUGEINT) AS amount_minor,
       amount_minor AS signed_minor,
       posted_minor AS balance_minor,
       effective_date, recorded_at, reference, reverses
  FROM all_entries;
