-- What people asked of the lake in SQL: schema `adhoc`, beside the book and not part of it. Migrations add up to exactly
-- this file (tested), so read this one. The migrating command makes the schema itself, because it keeps its own record of
-- migrations in it.
--
-- A question is on record before it runs and its end is another row, so that both tables only ever grow: a question
-- without an end is one during which the process died.

CREATE TABLE adhoc.asked (
    question_id  text        NOT NULL COLLATE "C",
    question_no  bigint      GENERATED ALWAYS AS IDENTITY,  -- the order of the record
    asked_at     timestamptz NOT NULL,
    tenant       text        NOT NULL,
    subject      text        NOT NULL,
    address      text,                                      -- of the client, as far as the proxy told
    sql          text        NOT NULL,
    parameters   json        NOT NULL,
    CONSTRAINT asked_pkey PRIMARY KEY (question_id),
    CONSTRAINT asked_no_key UNIQUE (question_no),
    CONSTRAINT asked_sql_length CHECK (length(sql) <= 16384)
);
CREATE INDEX asked_by_tenant ON adhoc.asked (tenant, question_no);

CREATE TABLE adhoc.answered (
    question_id  text        NOT NULL COLLATE "C",
    answered_at  timestamptz NOT NULL,
    outcome      text        NOT NULL,                      -- answered, cancelled, or the code of the refusal
    detail       text,
    position     bigint,                                    -- of the lake that was asked
    rows         integer,
    elapsed_ms   integer     NOT NULL,                      -- from the request to the end, waiting included
    CONSTRAINT answered_pkey PRIMARY KEY (question_id),
    CONSTRAINT answered_question FOREIGN KEY (question_id) REFERENCES adhoc.asked
);

CREATE TABLE adhoc.saved_queries (
    tenant       text        NOT NULL COLLATE "C",
    name         text        NOT NULL COLLATE "C",
    sql          text        NOT NULL,
    description  text        NOT NULL,
    saved_by     text        NOT NULL,
    saved_at     timestamptz NOT NULL,
    CONSTRAINT saved_queries_pkey PRIMARY KEY (tenant, name),
    CONSTRAINT saved_queries_sql_length CHECK (length(sql) <= 16384)
);

-- The record is written, never edited: not even by its owner without first disabling a trigger by name.
CREATE FUNCTION adhoc.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER asked_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adhoc.asked
    FOR EACH STATEMENT EXECUTE FUNCTION adhoc.refuse_change();
CREATE TRIGGER answered_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adhoc.answered
    FOR EACH STATEMENT EXECUTE FUNCTION adhoc.refuse_change();

-- Who may do what: bursar_asker adds to the record and cannot read it; bursar_reader reads it and adds nothing.
REVOKE ALL ON ALL TABLES IN SCHEMA adhoc FROM PUBLIC;
GRANT USAGE ON SCHEMA adhoc TO bursar_asker, bursar_reader;
GRANT INSERT ON adhoc.asked, adhoc.answered TO bursar_asker;
GRANT SELECT ON adhoc.asked, adhoc.answered TO bursar_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON adhoc.saved_queries TO bursar_asker;
