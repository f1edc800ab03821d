-- Records: what a context remembers between decisions; see ledger/domain/records.py.
CREATE TABLE records (
    kind    text        NOT NULL COLLATE "C",           -- payment, customer, limit, ...: see ledger/domain/book.py
    id      text        NOT NULL COLLATE "C",
    due_at  timestamptz,                                -- when a timer has to look at it
    state   json        NOT NULL,
    CONSTRAINT records_pkey PRIMARY KEY (kind, id)
) WITH (fillfactor = 70);
CREATE INDEX records_due ON records (due_at) WHERE due_at IS NOT NULL;

GRANT SELECT ON records TO bursar_writer, bursar_reader;
GRANT INSERT ON records TO bursar_writer;
GRANT UPDATE (due_at, state) ON records TO bursar_writer;
