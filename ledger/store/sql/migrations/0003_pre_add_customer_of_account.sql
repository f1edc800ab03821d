-- Whose account it is.
ALTER TABLE accounts ADD COLUMN customer_id text;
GRANT INSERT (customer_id) ON accounts TO bursar_writer;
