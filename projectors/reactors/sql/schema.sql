-- What Bursar does about events, and when: schema `reactions`, beside the book and not part of it. Migrations add up to
-- exactly this file (tested), so read this one. The migrating command makes the schema itself, because it keeps its own
-- record of migrations in it.
--
-- `checkpoints` and `tasks` belong to the reactors, `leases`, `timer_runs` and `timer_refusals` to the timers, `audits` and
-- `audit_differences` to the auditor, `suggestion_runs` and `suggestions` to reconciliation, and `interventions` to the
-- operator. It is in the book's database so that one backup has both: a task that is restored to
-- an older state is done again, under the same key, and asks for nothing new.

CREATE TABLE reactions.checkpoints (
    reactor   text   NOT NULL,
    position  bigint NOT NULL,                          -- every event up to here has its tasks in the table
    CONSTRAINT checkpoints_pkey PRIMARY KEY (reactor),
    CONSTRAINT checkpoints_position_range CHECK (position >= 0)
);

CREATE TABLE reactions.tasks (
    reactor       text        NOT NULL,
    position      bigint      NOT NULL,                 -- of the event that caused it
    step          integer     NOT NULL,                 -- which task of that event: 0, 1, 2 ... follow-ups included
    key           text        NOT NULL COLLATE "C",     -- tasks of one key are performed one after the other, in order
    kind          text        NOT NULL,
    payload       json        NOT NULL,
    trace         text,
    state         text        NOT NULL DEFAULT 'waiting',
    due_at        timestamptz NOT NULL DEFAULT now(),
    attempts      integer     NOT NULL DEFAULT 0,       -- counted when one begins, so that a crash counts too
    lease_token   bigint,                               -- who may write the result; drawn from lease_tokens
    leased_until  timestamptz,
    intent        text,                                 -- what was about to be sent; set: ask before sending again
    answer        json,
    last_error    text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    changed_at    timestamptz NOT NULL DEFAULT now(),   -- of the last change of state
    CONSTRAINT tasks_pkey PRIMARY KEY (reactor, position, step),
    CONSTRAINT tasks_state_known CHECK (state IN ('waiting', 'parked', 'done', 'skipped')),
    CONSTRAINT tasks_lease_whole CHECK ((lease_token IS NULL) = (leased_until IS NULL)),
    CONSTRAINT tasks_lease_waits CHECK (lease_token IS NULL OR state = 'waiting'),
    CONSTRAINT tasks_step_range CHECK (step >= 0)
) WITH (fillfactor = 70);
CREATE INDEX tasks_due ON reactions.tasks (due_at) WHERE state = 'waiting';
CREATE INDEX tasks_line ON reactions.tasks (reactor, key, position, step) WHERE state IN ('waiting', 'parked');
CREATE INDEX tasks_parked ON reactions.tasks (reactor, changed_at) WHERE state = 'parked';
CREATE INDEX tasks_done ON reactions.tasks (changed_at) WHERE state = 'done';
CREATE SEQUENCE reactions.lease_tokens;

-- Who may act alone, under which token. A token grows with every change of holder and is never given out twice.
CREATE TABLE reactions.leases (
    name        text        NOT NULL,
    holder      text        NOT NULL,
    token       bigint      NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT leases_pkey PRIMARY KEY (name)
);

-- A tick of a schedule, once. It is begun under the token of the lease and ended under it; begun and never ended, it is
-- taken up again by the next holder.
CREATE TABLE reactions.timer_runs (
    job       text        NOT NULL,
    due_at    timestamptz NOT NULL,
    token     bigint      NOT NULL,
    began_at  timestamptz NOT NULL DEFAULT now(),
    ended_at  timestamptz,
    CONSTRAINT timer_runs_pkey PRIMARY KEY (job, due_at)
);
CREATE INDEX timer_runs_open ON reactions.timer_runs (job, due_at) WHERE ended_at IS NULL;

-- Due subjects whose command was refused. Each refusal is remembered under its idempotency key for ever, so the next
-- attempt needs another key: it carries the number of attempts.
CREATE TABLE reactions.timer_refusals (
    job           text        NOT NULL,
    subject       text        NOT NULL,
    due_at        timestamptz NOT NULL,
    attempts      integer     NOT NULL,
    not_before    timestamptz NOT NULL,
    last_refusal  text        NOT NULL,
    CONSTRAINT timer_refusals_pkey PRIMARY KEY (job, subject, due_at),
    CONSTRAINT timer_refusals_attempts_range CHECK (attempts > 0)
);

-- What an operator did to a task, and why. Nobody changes it.
CREATE TABLE reactions.interventions (
    intervention_no  bigint      GENERATED ALWAYS AS IDENTITY,
    at               timestamptz NOT NULL DEFAULT now(),
    operator         text        NOT NULL,
    action           text        NOT NULL,
    reactor          text        NOT NULL,
    position         bigint      NOT NULL,
    step             integer     NOT NULL,
    reason           text,
    CONSTRAINT interventions_pkey PRIMARY KEY (intervention_no),
    CONSTRAINT interventions_action_known CHECK (action IN ('resume', 'skip')),
    CONSTRAINT interventions_skip_says_why CHECK (action <> 'skip' OR reason IS NOT NULL)
);

-- How far the auditor has proved each side, and what its sweep has counted so far, for the counters of Redis.
CREATE TABLE reactions.audits (
    side     text NOT NULL,
    cursor   json NOT NULL,
    counted  json NOT NULL,
    CONSTRAINT audits_pkey PRIMARY KEY (side)
);

-- What differs from the book, one row per value, with the slice that found it: when that is looked at again and finds it
-- no more, the row goes.
CREATE TABLE reactions.audit_differences (
    model       text        NOT NULL COLLATE "C",
    subject     text        NOT NULL COLLATE "C",
    field       text        NOT NULL COLLATE "C",
    side        text        NOT NULL,
    slice_low   bigint      NOT NULL,
    slice_high  bigint      NOT NULL,
    difference  json        NOT NULL,
    found_at    timestamptz NOT NULL DEFAULT now(),
    looked_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_differences_pkey PRIMARY KEY (model, subject, field)
);
CREATE INDEX audit_differences_slice ON reactions.audit_differences (side, slice_low, slice_high);

-- What reconciliation last suggested, replaced whole by each run on an account. Losing it loses nothing: the next run makes
-- it again. What was matched meanwhile is left out by whoever reads.
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

-- The reactor writes here and nowhere else; what it may read of the book it may read as bursar_reader.
REVOKE ALL ON ALL TABLES IN SCHEMA reactions FROM PUBLIC;
GRANT USAGE ON SCHEMA reactions TO bursar_reactor, bursar_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reactions TO bursar_reactor, bursar_reader;
GRANT INSERT, UPDATE, DELETE ON reactions.tasks, reactions.timer_runs, reactions.timer_refusals,
      reactions.audit_differences TO bursar_reactor;
GRANT INSERT, UPDATE ON reactions.checkpoints, reactions.leases, reactions.audits,
      reactions.suggestion_runs TO bursar_reactor;
GRANT INSERT, DELETE ON reactions.suggestions TO bursar_reactor;
GRANT INSERT ON reactions.interventions TO bursar_reactor;
GRANT USAGE ON SEQUENCE reactions.lease_tokens TO bursar_reactor;
