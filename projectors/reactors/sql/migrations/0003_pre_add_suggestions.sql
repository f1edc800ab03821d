-- What reconciliation last suggested per account.
CREATE TABLE reactions.suggestion_runs (
    account_id   text        NOT NULL COLLATE "C",
    position     bigint      NOT NULL,                  -- where the book was: a run that saw less replaces nothing
    policy       text        NOT NULL,                  -- digest of the rules
    computed_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT suggestion_runs_pkey PRIMARY KEY (account_id)
);

CREATE TABLE reactions.suggestions (
    suggestion_id   text     NOT NULL COLLATE "C",      -- follows from lines and entries, so it stays from run to run
    account_id      text     NOT NULL COLLATE "C",
    score_permille  smallint NOT NULL,
    line_ids        text[]   NOT NULL,                  -- ids of records `statement_line` and `matched_entry`
    entry_ids       text[]   NOT NULL,
    suggestion      json     NOT NULL,
    CONSTRAINT suggestions_pkey PRIMARY KEY (suggestion_id),
    CONSTRAINT suggestions_run FOREIGN KEY (account_id) REFERENCES reactions.suggestion_runs
);
CREATE INDEX suggestions_best ON reactions.suggestions (score_permille DESC, suggestion_id DESC);
CREATE INDEX suggestions_of_account ON reactions.suggestions (account_id, score_permille DESC, suggestion_id DESC);

GRANT SELECT ON reactions.suggestion_runs, reactions.suggestions TO bursar_reactor, bursar_reader;
GRANT INSERT, UPDATE ON reactions.suggestion_runs TO bursar_reactor;
GRANT INSERT, DELETE ON reactions.suggestions TO bursar_reactor;
