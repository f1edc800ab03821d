-- The book of one ledger, whole. Migrations add up to exactly this file (tested), so read this one.
--
-- The book proper is `events` and `entries`: append-only for everybody. `accounts`, `holds`, `reversals` and `head` are
-- what the next decision needs, kept beside the book in the same transaction; `idempotency` is what clients were told.
-- Balances are not written by the application at all: inserting entries moves them, in one trigger, and the limits are
-- constraints on the result. Whoever writes entries by hand moves the balance, or is refused.

CREATE TABLE head (
    ledger          text        NOT NULL,
    position        bigint      NOT NULL DEFAULT 0,
    hash            bytea       NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    batch           bigint      NOT NULL DEFAULT 0,     -- moves with every commit, refusals included
    recorded_at     timestamptz NOT NULL DEFAULT '-infinity',
    closed_through  date        NOT NULL DEFAULT '-infinity',
    CONSTRAINT head_pkey PRIMARY KEY (ledger),
    CONSTRAINT head_position_range CHECK (position >= 0)
);
-- One database holds one ledger.
CREATE UNIQUE INDEX head_one_row ON head ((true));

CREATE TABLE events (
    position  bigint NOT NULL,
    event     json   NOT NULL,                          -- json, not jsonb: the exact bytes that were hashed
    hash      bytea  NOT NULL,                          -- sha256(hash of position - 1 || bytes of event)
    CONSTRAINT events_pkey PRIMARY KEY (position),
    CONSTRAINT events_hash_length CHECK (length(hash) = 32)
);

CREATE TABLE assets (
    currency  text     NOT NULL,
    scale     smallint NOT NULL,
    position  bigint   NOT NULL,
    CONSTRAINT assets_pkey PRIMARY KEY (currency),
    CONSTRAINT assets_scale_range CHECK (scale BETWEEN 0 AND 18)
);

CREATE TABLE accounts (
    account_no         bigint   NOT NULL,               -- position of the event that opened the account
    account_id         text     NOT NULL COLLATE "C",
    currency           text     NOT NULL,
    scale              smallint NOT NULL,
    account_type       text     NOT NULL,
    normal_sign        smallint NOT NULL,               -- +1 debit-normal, -1 credit-normal
    floor_minor        bigint,                          -- least available balance; NULL: no limit
    ceiling_minor      bigint,                          -- greatest posted balance; NULL: no limit
    metadata           json,
    status             text     NOT NULL DEFAULT 'open',
    posted_minor       bigint   NOT NULL DEFAULT 0,     -- normal side; moved by entries_move_balances only
    held_minor         bigint   NOT NULL DEFAULT 0,
    customer_id        text,                            -- whose account it is; NULL: the institution's own
    CONSTRAINT accounts_pkey PRIMARY KEY (account_no),
    CONSTRAINT accounts_account_id_key UNIQUE (account_id),
    CONSTRAINT accounts_type_known CHECK (account_type IN ('asset', 'liability', 'equity', 'income', 'expense')),
    CONSTRAINT accounts_normal_sign CHECK (normal_sign = CASE WHEN account_type IN ('asset', 'expense') THEN 1 ELSE -1 END),
    CONSTRAINT accounts_status_known CHECK (status IN ('open', 'frozen', 'closed')),
    CONSTRAINT accounts_held_range CHECK (held_minor >= 0),
    CONSTRAINT accounts_available_floor CHECK (floor_minor IS NULL OR posted_minor - held_minor >= floor_minor),
    CONSTRAINT accounts_posted_ceiling CHECK (ceiling_minor IS NULL OR posted_minor <= ceiling_minor),
    CONSTRAINT accounts_closed_empty CHECK (status <> 'closed' OR (posted_minor = 0 AND held_minor = 0))
) WITH (fillfactor = 60);                               -- room for in-page updates of hot balances

CREATE TABLE entries (
    account_no      bigint   NOT NULL,
    position        bigint   NOT NULL,                  -- of the event that booked it
    leg             smallint NOT NULL,
    currency        text     NOT NULL,                  -- must be the account's
    amount_minor    bigint   NOT NULL,                  -- posted change: debit positive, credit negative
    held_minor      bigint   NOT NULL,                  -- change of what holds reserve, in the account's normal side
    effective_date  date     NOT NULL,
    CONSTRAINT entries_pkey PRIMARY KEY (account_no, position, leg),
    CONSTRAINT entries_change_something CHECK (amount_minor <> 0 OR held_minor <> 0)
);
-- The table grows in position order, so a block-range index finds the entries of a position range for next to nothing.
CREATE INDEX entries_position_brin ON entries USING brin (position) WITH (pages_per_range = 16);

CREATE TABLE holds (
    hold_no     bigint      NOT NULL,                   -- position of the event that placed it
    status      text        NOT NULL,
    expires_at  timestamptz NOT NULL,
    legs        json        NOT NULL,                   -- [{debit_account_id, credit_account_id, amount_minor, currency, captured_minor}]
    reference   text,
    CONSTRAINT holds_pkey PRIMARY KEY (hold_no),
    CONSTRAINT holds_status_known CHECK (status IN ('open', 'captured', 'released', 'expired'))
);
CREATE INDEX holds_due ON holds (expires_at) WHERE status = 'open';

CREATE TABLE reversals (
    transfer_no     bigint NOT NULL,                    -- position of the original transfer
    reversed_minor  json   NOT NULL,                    -- one figure per posting of the original
    CONSTRAINT reversals_pkey PRIMARY KEY (transfer_no)
);

-- What a context remembers between decisions; replaced by its next event, so not history.
CREATE TABLE records (
    kind    text        NOT NULL COLLATE "C",           -- payment, customer, limit, ...: see ledger/domain/book.py
    id      text        NOT NULL COLLATE "C",
    due_at  timestamptz,                                -- when a timer has to look at it
    state   json        NOT NULL,
    CONSTRAINT records_pkey PRIMARY KEY (kind, id)
) WITH (fillfactor = 70);
CREATE INDEX records_due ON records (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE idempotency (
    key_hash        bytea  NOT NULL,                    -- sha256(tenant || 0 || key), first 16 bytes
    digest          bytea  NOT NULL,                    -- sha256(canonical command), first 16 bytes
    first_position  bigint,                             -- accepted: the events of the command
    last_position   bigint,                             -- accepted: the event that was the answer
    refusal         bytea,                              -- refused: the exact answer
    command         bytea,                              -- refused: what was asked, to name a differing field later
    CONSTRAINT idempotency_pkey PRIMARY KEY (key_hash),
    CONSTRAINT idempotency_one_outcome CHECK (
        (last_position IS NULL) = (refusal IS NOT NULL)
        AND (first_position IS NULL) = (last_position IS NULL)
        AND (command IS NULL) = (refusal IS NULL)
    )
);

-- Per inserted batch of entries: refuse an unbalanced position, then move the balances. A statement-level trigger, so a
-- thousand transfers cost two aggregates and one update. The planner knows nothing of the size of `inserted` and would
-- scan all accounts for a handful of rows: hence the planner settings. An account that does not exist, or is of another
-- currency, is found by the update touching too few rows (a foreign key would look up every row once more).
CREATE FUNCTION entries_move_balances() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
DECLARE
    unbalanced record;
    accounts_named bigint;
    accounts_moved bigint;
BEGIN
    SELECT position, currency, sum(amount_minor) AS difference INTO unbalanced
      FROM inserted
     GROUP BY position, currency
    HAVING sum(amount_minor) <> 0
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entries at position % do not balance in %: difference %',
            unbalanced.position, unbalanced.currency, unbalanced.difference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_balance';
    END IF;
    WITH moves AS MATERIALIZED (
        SELECT account_no, currency, sum(amount_minor) AS amount_minor, sum(held_minor) AS held_minor
          FROM inserted GROUP BY account_no, currency
    ), moved AS (
        UPDATE public.accounts a
           SET posted_minor = (a.posted_minor + a.normal_sign * m.amount_minor)::bigint,
               held_minor = (a.held_minor + m.held_minor)::bigint
          FROM moves m
         WHERE a.account_no = m.account_no AND a.currency = m.currency
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM moves), (SELECT count(*) FROM moved) INTO accounts_named, accounts_moved;
    IF accounts_named <> accounts_moved THEN
        RAISE EXCEPTION '% of % accounts in these entries do not exist in the currency given',
            accounts_named - accounts_moved, accounts_named
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'entries_account';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER entries_move_balances
    AFTER INSERT ON entries REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION entries_move_balances();

-- The book is written, never edited: not even by its owner without first disabling a trigger by name.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege', HINT = 'Correct the book with a new entry.';
END
$$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotency
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who may do what: the writer appends to the book and moves the few columns that a decision changes; the reader reads.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON FUNCTION entries_move_balances() FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO bursar_writer, bursar_reader;
GRANT INSERT ON events, entries, idempotency, assets, holds, reversals, records TO bursar_writer;
-- Not the balances: an account begins empty and open, and only entries move it.
GRANT INSERT (account_no, account_id, currency, scale, account_type, normal_sign, floor_minor, ceiling_minor, metadata,
              customer_id) ON accounts TO bursar_writer;
GRANT UPDATE (position, hash, batch, recorded_at, closed_through) ON head TO bursar_writer;
GRANT UPDATE (status) ON accounts TO bursar_writer;
GRANT UPDATE (status, expires_at, legs) ON holds TO bursar_writer;
GRANT UPDATE (reversed_minor) ON reversals TO bursar_writer;
GRANT UPDATE (due_at, state) ON records TO bursar_writer;
