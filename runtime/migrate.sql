-- Statements of runtime/migrate.py.

-- name: lock_migrations
-- Two deployments may start at once. The second waits here and then finds nothing left to do.
SELECT pg_advisory_lock($1);

-- name: unlock_migrations
SELECT pg_advisory_unlock($1);

-- name: create_own_schema
-- A session of one schema keeps its record of migrations there; `public` and the default path exist already.
DO $$ BEGIN
    IF current_schema() IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', current_setting('search_path'));
    END IF;
END $$;

-- name: create_schema_migrations
-- The record of what was applied, with the digest of the exact text, so that a file edited afterwards is noticed.
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text        NOT NULL CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    sha256     bytea       NOT NULL CONSTRAINT schema_migrations_sha256_length CHECK (octet_length(sha256) = 32),
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_schema_migrations
-- Asking what is pending must not need the right to create tables.
SELECT to_regclass('schema_migrations') IS NOT NULL;

-- name: read_applied
SELECT name, sha256 FROM schema_migrations ORDER BY name;

-- name: append_applied
-- In the transaction of the migration itself: either both happened or neither.
INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2);

-- name: reset_session
-- A migration sets its own lock_timeout; the next one starts from the session's settings again.
RESET ALL;
