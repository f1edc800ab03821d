-- The auditor's memory: how far each side is proved, and what differs.
CREATE TABLE reactions.audits (
    side     text NOT NULL,
    cursor   json NOT NULL,
    counted  json NOT NULL,
    CONSTRAINT audits_pkey PRIMARY KEY (side)
);

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

GRANT SELECT ON reactions.audits, reactions.audit_differences TO bursar_reactor, bursar_reader;
GRANT INSERT, UPDATE ON reactions.audits TO bursar_reactor;
GRANT INSERT, UPDATE, DELETE ON reactions.audit_differences TO bursar_reactor;
