-- What the timers ask of schema `reactions`, and what is due in the book. The database's clock alone says what time it
-- is; the lease's token says who may act on it.

-- name: acquire_lease
-- Whoever finds the lease run out takes it, with a token that nobody had before. A lease that ends later than any can was
-- granted by a clock that has been put back since.
INSERT INTO reactions.leases AS lease (name, holder, token, expires_at)
VALUES ($1, $2, nextval('reactions.lease_tokens'), now() + make_interval(secs => $3))
    ON CONFLICT (name) DO UPDATE
   SET holder = excluded.holder, token = excluded.token, expires_at = excluded.expires_at
 WHERE lease.expires_at <= now() OR lease.expires_at > now() + 2 * make_interval(secs => $3)
RETURNING token, now() AS now;

-- name: renew_lease
-- Not once it has run out, even if nobody took it: from then on the holder is nobody.
UPDATE reactions.leases SET expires_at = now() + make_interval(secs => $3)
 WHERE name = $1 AND token = $2 AND expires_at > now()
RETURNING now() AS now;

-- name: give_up_lease
UPDATE reactions.leases SET expires_at = now() WHERE name = $1 AND token = $2 AND expires_at > now();

-- name: check_lease
SELECT token FROM reactions.leases WHERE name = $1 AND token = $2 AND expires_at > now();

-- name: introduce_job
-- The first row of a job is the moment it was introduced: nothing before it was ever due.
INSERT INTO reactions.timer_runs (job, due_at, token, ended_at)
SELECT $1, $2, $3, $2 WHERE NOT EXISTS (SELECT FROM reactions.timer_runs WHERE job = $1);

-- name: read_newest_run
SELECT max(due_at) FROM reactions.timer_runs WHERE job = $1;

-- name: list_open_runs
-- Begun and not ended: by a holder that died, or by a job that failed.
SELECT due_at FROM reactions.timer_runs WHERE job = $1 AND ended_at IS NULL ORDER BY due_at LIMIT $2;

-- name: begin_run
-- The token is checked in the statement that writes: the lease's row is locked until it commits, so nobody can take the
-- lease in between. A tick that was begun under an older token and never ended is taken over; one that ended is not.
WITH held AS MATERIALIZED (
    SELECT token FROM reactions.leases WHERE name = $1 AND token = $2 AND expires_at > now() FOR SHARE
)
INSERT INTO reactions.timer_runs AS run (job, due_at, token)
SELECT $3, $4, held.token FROM held
    ON CONFLICT (job, due_at) DO UPDATE
   SET token = excluded.token, began_at = now()
 WHERE run.ended_at IS NULL AND run.token <= excluded.token
RETURNING token;

-- name: end_run
WITH held AS MATERIALIZED (
    SELECT token FROM reactions.leases WHERE name = $1 AND token = $2 AND expires_at > now() FOR SHARE
)
UPDATE reactions.timer_runs run SET ended_at = now()
  FROM held
 WHERE run.job = $3 AND run.due_at = $4 AND run.token = held.token AND run.ended_at IS NULL
RETURNING run.token;

-- name: prune_runs
-- All but the newest of each job: it says where the schedule goes on.
DELETE FROM reactions.timer_runs run
 WHERE run.ended_at < now() - make_interval(secs => $1)
   AND run.due_at < (SELECT max(newest.due_at) FROM reactions.timer_runs newest WHERE newest.job = run.job);

-- name: find_due_holds
-- Holds whose deadline has passed, oldest first, behind the last one of the page before. Those whose command was refused
-- wait until they may be tried again.
SELECT 'hold_' || h.hold_no AS subject, h.expires_at AS due_at, coalesce(f.attempts, 0) AS attempts, 'hold' AS kind
  FROM holds h
  LEFT JOIN reactions.timer_refusals f
         ON f.job = $1 AND f.subject = 'hold_' || h.hold_no AND f.due_at = h.expires_at
 WHERE h.status = 'open'
   AND h.expires_at <= now() - make_interval(secs => $2)
   AND ($3::timestamptz IS NULL OR (h.expires_at, 'hold_' || h.hold_no) > ($3, $4))
   AND (f.not_before IS NULL OR f.not_before <= now())
 ORDER BY h.expires_at, 'hold_' || h.hold_no
 LIMIT $5;

-- name: find_due_records
SELECT r.id AS subject, r.due_at, coalesce(f.attempts, 0) AS attempts, r.kind
  FROM records r
  LEFT JOIN reactions.timer_refusals f
         ON f.job = $1 AND f.subject = r.id AND f.due_at = r.due_at
 WHERE r.kind = $6
   AND ($7::text[] = '{}' OR r.state ->> 'state' = ANY ($7))
   AND r.due_at <= now() - make_interval(secs => $2)
   AND ($3::timestamptz IS NULL OR (r.due_at, r.id) > ($3, $4))
   AND (f.not_before IS NULL OR f.not_before <= now())
 ORDER BY r.due_at, r.id
 LIMIT $5;

-- name: page_records
-- All records of a kind in some states, in the order of their ids.
SELECT r.id FROM records r
 WHERE r.kind = $1 AND r.state ->> 'state' = ANY ($2::text[]) AND r.id > $3
 ORDER BY r.id LIMIT $4;

-- name: append_refusal
-- Two schedulers that both got the refusal of one key count it once.
INSERT INTO reactions.timer_refusals AS known (job, subject, due_at, attempts, not_before, last_refusal)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)
    ON CONFLICT (job, subject, due_at) DO UPDATE
   SET attempts = excluded.attempts, not_before = excluded.not_before, last_refusal = excluded.last_refusal
 WHERE known.attempts < excluded.attempts;

-- name: count_refused
SELECT job, count(*) AS refused FROM reactions.timer_refusals WHERE not_before > now() GROUP BY job;

-- name: prune_refusals
DELETE FROM reactions.timer_refusals WHERE not_before < now() - make_interval(secs => $1);
