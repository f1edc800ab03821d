-- What the reactors and `bursar reactors` ask of schema `reactions`. The database's clock alone says what is due and
-- which lease has run out: the clocks of two workers may differ.
--
-- Three writes do not wait for the disk (synchronous_commit off, for their transaction alone): taking tasks in, finishing
-- and postponing. A crash of PostgreSQL may undo the newest of them whole, and then the events are read again, or the
-- task is performed again under its key, as after a crash of the worker. Leases and intents do wait: nothing is sent
-- under a lease, or after an intent, that a crash could take back.

-- name: create_checkpoint
-- Two processes may start at once: the first one's position stays.
INSERT INTO reactions.checkpoints (reactor, position) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: read_checkpoint
SELECT position FROM reactions.checkpoints WHERE reactor = $1;

-- name: move_checkpoint
-- Only from right behind the batch: the compare that makes a batch happen once. It locks the row, so that a second
-- writer waits and then finds the checkpoint moved.
UPDATE reactions.checkpoints SET position = $3 WHERE reactor = $1 AND position = $2
RETURNING position, set_config('synchronous_commit', 'off', true);

-- name: insert_tasks
-- In the transaction that moves the checkpoint, or that ends the task they follow.
INSERT INTO reactions.tasks (reactor, position, step, key, kind, payload, trace, due_at)
SELECT $1, t.position, t.step, t.key, t.kind, t.payload::json, t.trace, coalesce(t.due_at, now())
  FROM unnest($2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
       AS t (position, step, key, kind, payload, trace, due_at);

-- name: lock_event
-- Two tasks of one event may end at once, and both may have follow-ups: the first task's row is their turnstile. Taken
-- before the task's own row, always.
SELECT FROM reactions.tasks WHERE reactor = $1 AND position = $2 AND step = 0 FOR UPDATE;

-- name: read_next_step
-- Pruning takes all tasks of an event together and only when all are done, so the greatest step is never forgotten while
-- one of them can still have a follow-up.
SELECT max(step) + 1 FROM reactions.tasks WHERE reactor = $1 AND position = $2;

-- name: claim_tasks
-- The oldest due tasks that are first in the line of their key. A task that is leased, or due later, or parked still
-- holds its place: whatever is behind it waits. A lease that ends later than any lease can was granted by a clock that
-- has been put back since, and counts as run out. Only the first $4 due tasks are looked at: behind them, see
-- claim_heads. Each is looked at by itself, at its ctid, and locked when it is taken: the planner knows nothing of a table
-- that was empty a moment ago, and would join thousands of rows for sixteen.
WITH oldest AS MATERIALIZED (
    SELECT ctid AS place FROM reactions.tasks WHERE state = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT $4
), ready AS MATERIALIZED (
    SELECT found.reactor, found.position, found.step
      FROM oldest
     CROSS JOIN LATERAL (
         SELECT t.reactor, t.position, t.step
           FROM reactions.tasks t
          WHERE t.ctid = oldest.place
            AND t.state = 'waiting'
            AND t.due_at <= now()
            AND t.reactor = ANY ($1::text[])
            AND (t.leased_until IS NULL OR t.leased_until <= now()
                 OR t.leased_until > now() + 2 * make_interval(secs => $3))
            AND NOT EXISTS (
                SELECT FROM reactions.tasks earlier
                 WHERE earlier.reactor = t.reactor AND earlier.key = t.key
                   AND earlier.state IN ('waiting', 'parked')
                   AND (earlier.position, earlier.step) < (t.position, t.step)
            )
            FOR UPDATE OF t SKIP LOCKED
     ) found
     LIMIT $2
)
UPDATE reactions.tasks t
   SET lease_token = nextval('reactions.lease_tokens'),
       leased_until = now() + make_interval(secs => $3),
       attempts = t.attempts + 1
  FROM ready
 WHERE t.reactor = ready.reactor AND t.position = ready.position AND t.step = ready.step
RETURNING t.reactor, t.position, t.step, t.key, t.kind, t.payload::text AS payload, t.trace, t.attempts, t.lease_token,
          t.intent, t.last_error;

-- name: is_clogged
-- Whether there are so many due tasks that claim_tasks did not look at all of them.
SELECT count(*) = $1
  FROM (SELECT FROM reactions.tasks WHERE state = 'waiting' AND due_at <= now() LIMIT $1) due;

-- name: claim_heads
-- The same when thousands wait behind a few that cannot go on: from key to key by the index, so that the length of a
-- line costs nothing. What is first in its line is taken, the longest due before the others.
WITH RECURSIVE heads AS (
    (SELECT reactor, key, ctid AS place
       FROM reactions.tasks
      WHERE state IN ('waiting', 'parked')
      ORDER BY reactor, key, position, step
      LIMIT 1)
    UNION ALL
    SELECT following.*
      FROM heads
     CROSS JOIN LATERAL (
         SELECT t.reactor, t.key, t.ctid
           FROM reactions.tasks t
          WHERE t.state IN ('waiting', 'parked') AND (t.reactor, t.key) > (heads.reactor, heads.key)
          ORDER BY t.reactor, t.key, t.position, t.step
          LIMIT 1
     ) following
), due AS MATERIALIZED (
    SELECT heads.place
      FROM heads
     CROSS JOIN LATERAL (
         SELECT t.due_at FROM reactions.tasks t WHERE t.ctid = heads.place AND t.state = 'waiting' AND t.due_at <= now()
         OFFSET 0
     ) waiting
     ORDER BY waiting.due_at
), ready AS MATERIALIZED (
    SELECT found.reactor, found.position, found.step
      FROM due
     CROSS JOIN LATERAL (
         SELECT t.reactor, t.position, t.step
           FROM reactions.tasks t
          WHERE t.ctid = due.place
            AND t.state = 'waiting'
            AND t.reactor = ANY ($1::text[])
            AND (t.leased_until IS NULL OR t.leased_until <= now()
                 OR t.leased_until > now() + 2 * make_interval(secs => $3))
            FOR UPDATE OF t SKIP LOCKED
     ) found
     LIMIT $2
)
UPDATE reactions.tasks t
   SET lease_token = nextval('reactions.lease_tokens'),
       leased_until = now() + make_interval(secs => $3),
       attempts = t.attempts + 1
  FROM ready
 WHERE t.reactor = ready.reactor AND t.position = ready.position AND t.step = ready.step
RETURNING t.reactor, t.position, t.step, t.key, t.kind, t.payload::text AS payload, t.trace, t.attempts, t.lease_token,
          t.intent, t.last_error;

-- name: finish_task
UPDATE reactions.tasks
   SET state = 'done', answer = $5::json, last_error = NULL, lease_token = NULL, leased_until = NULL, changed_at = now()
 WHERE reactor = $1 AND position = $2 AND step = $3 AND lease_token = $4
RETURNING step, set_config('synchronous_commit', 'off', true);

-- name: postpone_task
UPDATE reactions.tasks
   SET due_at = now() + make_interval(secs => $5), last_error = $6, lease_token = NULL, leased_until = NULL
 WHERE reactor = $1 AND position = $2 AND step = $3 AND lease_token = $4
RETURNING step, set_config('synchronous_commit', 'off', true);

-- name: park_task
UPDATE reactions.tasks
   SET state = 'parked', last_error = $5, lease_token = NULL, leased_until = NULL, changed_at = now()
 WHERE reactor = $1 AND position = $2 AND step = $3 AND lease_token = $4
RETURNING step;

-- name: hand_back_task
-- The process stops before the task has a result: somebody else may take it at once, and nobody failed at it.
UPDATE reactions.tasks
   SET attempts = attempts - 1, lease_token = NULL, leased_until = NULL
 WHERE reactor = $1 AND position = $2 AND step = $3 AND lease_token = $4
RETURNING step;

-- name: write_intent
-- Before something is sent that cannot be sent twice. Only under a lease that has time left: an expired one may be
-- somebody else's in the next moment.
UPDATE reactions.tasks
   SET intent = $5
 WHERE reactor = $1 AND position = $2 AND step = $3 AND lease_token = $4 AND leased_until > now()
RETURNING step;

-- name: prune_done
-- All tasks of an event together, and only when each of them is done for long enough: see read_next_step.
DELETE FROM reactions.tasks t
 USING (
    SELECT DISTINCT d.reactor, d.position
      FROM reactions.tasks d
     WHERE d.state = 'done' AND d.changed_at < now() - make_interval(secs => $1)
       AND NOT EXISTS (
           SELECT FROM reactions.tasks kept
            WHERE kept.reactor = d.reactor AND kept.position = d.position
              AND (kept.state <> 'done' OR kept.changed_at >= now() - make_interval(secs => $1))
       )
     LIMIT $2
 ) old
 WHERE t.reactor = old.reactor AND t.position = old.position;

-- name: count_tasks
-- One row per reactor that has unfinished tasks: how many, and how long the oldest has been parked, or due.
SELECT reactor,
       count(*) FILTER (WHERE state = 'waiting') AS waiting,
       count(*) FILTER (WHERE state = 'parked') AS parked,
       extract(epoch FROM now() - min(changed_at) FILTER (WHERE state = 'parked'))::double precision AS parked_s,
       extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'waiting'))::double precision AS due_s
  FROM reactions.tasks
 WHERE state IN ('waiting', 'parked')
 GROUP BY reactor;

-- name: list_reactors
SELECT c.reactor, c.position,
       count(t.*) FILTER (WHERE t.state = 'waiting') AS waiting,
       count(t.*) FILTER (WHERE t.state = 'parked') AS parked
  FROM reactions.checkpoints c
  LEFT JOIN reactions.tasks t ON t.reactor = c.reactor AND t.state IN ('waiting', 'parked')
 GROUP BY c.reactor, c.position
 ORDER BY c.reactor;

-- name: list_parked
-- With the number of tasks that wait behind each.
SELECT t.reactor, t.position, t.step, t.kind, t.key, t.attempts, t.last_error, t.intent IS NOT NULL AS intended,
       t.changed_at,
       (SELECT count(*) FROM reactions.tasks later
         WHERE later.reactor = t.reactor AND later.key = t.key AND later.state IN ('waiting', 'parked')
           AND (later.position, later.step) > (t.position, t.step)) AS behind
  FROM reactions.tasks t
 WHERE t.state = 'parked' AND ($1::text IS NULL OR t.reactor = $1)
 ORDER BY t.reactor, t.position, t.step
 LIMIT $2;

-- name: resume_parked
-- It keeps its place in its line, and its intent; it gets its attempts anew.
UPDATE reactions.tasks
   SET state = 'waiting', due_at = now(), attempts = 0, changed_at = now()
 WHERE reactor = $1 AND position = $2 AND step = $3 AND state = 'parked'
RETURNING key;

-- name: skip_parked
UPDATE reactions.tasks
   SET state = 'skipped', changed_at = now()
 WHERE reactor = $1 AND position = $2 AND step = $3 AND state = 'parked'
RETURNING key;

-- name: append_intervention
INSERT INTO reactions.interventions (operator, action, reactor, position, step, reason)
VALUES ($1, $2, $3, $4, $5, $6);
