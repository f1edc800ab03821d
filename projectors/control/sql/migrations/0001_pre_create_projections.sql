-- The versions of the read models, what operators ask of them, and how they are: schema `projections`, beside the book
-- and not part of it. Migrations add up to exactly this file (tested), so read this one. The migrating command makes the
-- schema itself, because it keeps its own record of migrations in it.
--
-- Which version serves is decided here; the pointers that readers follow (a key in Redis, a file in the lake) are set
-- from it, again and again. Losing this schema loses no data: the versions that the pointers name go on.

CREATE TABLE projections.builds (
    model       text        NOT NULL,
    version     integer     NOT NULL,                   -- names its keys in Redis, its folder in the lake
    layout      integer     NOT NULL,                   -- what keys and columns mean; a program writes its own layout only
    role        text        NOT NULL,
    wanted      text        NOT NULL DEFAULT 'running',
    head        bigint      NOT NULL,                   -- where the book ended when it began: its progress is up to there
    began_at    timestamptz NOT NULL DEFAULT now(),
    role_since  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT builds_pkey PRIMARY KEY (model, version),
    CONSTRAINT builds_version_range CHECK (version > 0),
    CONSTRAINT builds_role_known CHECK (role IN ('serving', 'candidate', 'retired', 'dropping')),
    CONSTRAINT builds_wanted_known CHECK (wanted IN ('running', 'paused')),
    -- Deferred, so that one statement can exchange the roles of two versions.
    CONSTRAINT builds_one_per_role EXCLUDE USING btree (model WITH =, role WITH =) WHERE (role <> 'dropping')
        DEFERRABLE INITIALLY DEFERRED
);

-- How a version is, as whoever projects it said last; readable while that process is dead. Reactors are here too.
CREATE TABLE projections.reports (
    model             text        NOT NULL,
    version           integer     NOT NULL,
    state             text        NOT NULL,
    position          bigint      NOT NULL,
    applied_per_s     double precision NOT NULL,
    failure_category  text,
    failure_position  bigint,                           -- of the event that it stands still before
    failure_detail    text,
    visible_s         double precision[],               -- commit to readable: half, 99 % and 99.9 % of the newest events
    visible_events    integer     NOT NULL DEFAULT 0,
    seen_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reports_pkey PRIMARY KEY (model, version),
    CONSTRAINT reports_failure_whole CHECK ((failure_category IS NULL) = (failure_detail IS NULL))
) WITH (fillfactor = 50);

-- What operators asked, and what came of it. Who asked never changes.
CREATE TABLE projections.requests (
    request_no  bigint      GENERATED ALWAYS AS IDENTITY,
    asked_at    timestamptz NOT NULL DEFAULT now(),
    tenant      text        NOT NULL,
    subject     text        NOT NULL,
    model       text        NOT NULL,
    action      text        NOT NULL,
    version     integer,                                -- which it is about, where there is a choice
    state       text        NOT NULL DEFAULT 'waiting',
    taken_until timestamptz,                            -- whoever takes longer has died; another may take it
    detail      text,
    result      json,
    ended_at    timestamptz,
    CONSTRAINT requests_pkey PRIMARY KEY (request_no),
    CONSTRAINT requests_state_known CHECK (state IN ('waiting', 'running', 'done', 'refused')),
    CONSTRAINT requests_action_known
        CHECK (action IN ('pause', 'resume', 'rebuild', 'compare', 'promote', 'roll-back', 'drop'))
);
CREATE INDEX requests_open ON projections.requests (request_no) WHERE state IN ('waiting', 'running');
CREATE INDEX requests_compared ON projections.requests (model, request_no) WHERE action = 'compare';

-- Whoever projects keeps versions and reports, and says what came of a request; only an operator may ask, and nothing else.
REVOKE ALL ON ALL TABLES IN SCHEMA projections FROM PUBLIC;
GRANT USAGE ON SCHEMA projections TO bursar_reader, bursar_projector, bursar_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA projections TO bursar_reader, bursar_projector, bursar_operator;
GRANT INSERT, UPDATE, DELETE ON projections.builds, projections.reports TO bursar_projector;
GRANT UPDATE (state, taken_until, detail, result, ended_at) ON projections.requests TO bursar_projector;
GRANT INSERT (tenant, subject, model, action, version) ON projections.requests TO bursar_operator;
GRANT INSERT, UPDATE ON projections.reports TO bursar_reactor;
