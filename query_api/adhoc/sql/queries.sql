-- The record of ad-hoc questions and the saved ones. `append_*` and the saved queries run as bursar_asker, `read_asked_page`
-- as bursar_reader.

-- name: append_asked
-- Before anything of the question runs.
INSERT INTO adhoc.asked (question_id, asked_at, tenant, subject, address, sql, parameters)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: append_answered
-- How it ended.
INSERT INTO adhoc.answered (question_id, answered_at, outcome, detail, position, rows, elapsed_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: read_asked_page
-- A tenant's questions before number $2, newest first, with how each ended; $3 and $4 keep one person's or one outcome.
SELECT asked.question_no, asked.question_id, asked.asked_at, asked.tenant, asked.subject, asked.address, asked.sql,
       asked.parameters, answered.outcome, answered.detail, answered.position, answered.rows, answered.elapsed_ms
  FROM adhoc.asked
  LEFT JOIN adhoc.answered USING (question_id)
 WHERE asked.tenant = $1 AND asked.question_no < $2
   AND ($3::text IS NULL OR asked.subject = $3) AND ($4::text IS NULL OR answered.outcome = $4)
 ORDER BY asked.question_no DESC
 LIMIT $5;

-- name: lock_tenant
-- One writer of a tenant's saved queries at a time, so that counting them means something.
SELECT pg_advisory_xact_lock(hashtextextended('adhoc.saved_queries:' || $1, 0));

-- name: save_query
-- Adds or replaces; nothing when it would be one too many ($7).
INSERT INTO adhoc.saved_queries AS saved (tenant, name, sql, description, saved_by, saved_at)
SELECT $1, $2, $3, $4, $5, $6
 WHERE (SELECT count(*) FROM adhoc.saved_queries WHERE tenant = $1 AND name <> $2) < $7
    ON CONFLICT (tenant, name) DO UPDATE
   SET sql = excluded.sql, description = excluded.description, saved_by = excluded.saved_by, saved_at = excluded.saved_at
RETURNING name, sql, description, saved_by, saved_at;

-- name: read_saved_queries
-- All of a tenant's, or one.
SELECT name, sql, description, saved_by, saved_at
  FROM adhoc.saved_queries
 WHERE tenant = $1 AND ($2::text IS NULL OR name = $2)
 ORDER BY name;

-- name: delete_saved_query
-- Says whether there was one.
DELETE FROM adhoc.saved_queries WHERE tenant = $1 AND name = $2 RETURNING name;
