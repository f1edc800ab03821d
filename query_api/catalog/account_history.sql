-- title: Account history
-- description: Every change of an account's terms or status, with what held from then on.
-- column: position integer - position of the change | 4711
-- column: account_id text - the account | customers:alice:eur
-- column: change text - type of the event, such as account_opened or account_frozen | account_frozen
-- column: status text - open, frozen or closed, after the change | frozen
-- column: currency text - its currency | EUR
-- column: account_type text - asset, liability, equity, income or expense | liability
-- column: overdraft text - forbidden, limited or unlimited | forbidden
-- column: recorded_at timestamp - when the book decided (UTC) | 2026-03-31T09:15:00Z
-- example: Which accounts are frozen, and since when?
--   SELECT account_id, recorded_at
--     FROM account_history
--  QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY position DESC) = 1 AND status = 'frozen'
--    ORDER BY recorded_at
CREATE VIEW account_history AS
SELECT position, account_id, change, status, currency, account_type, overdraft, recorded_at
  FROM account_changes;
