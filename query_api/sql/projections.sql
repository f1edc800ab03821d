-- The versions of the read models, as bursar_reader; asking something of them, as bursar_operator.

-- name: list_versions
SELECT build.model, build.version, build.role, build.wanted, build.head, report.state, report.position,
       report.applied_per_s, report.failure_category, report.failure_position, report.failure_detail,
       report.visible_s, report.visible_events,
       extract(epoch FROM now() - report.seen_at)::double precision AS reported_s
  FROM projections.builds AS build
  LEFT JOIN projections.reports AS report USING (model, version)
 ORDER BY build.model, build.role <> 'serving', build.version;

-- name: list_reactors
-- A reactor's position is that of its task table, which moves with the tasks themselves.
SELECT point.reactor AS model, 1 AS version, 'serving' AS role, 'running' AS wanted, 0::bigint AS head, report.state,
       point.position, report.applied_per_s, report.failure_category, report.failure_position, report.failure_detail,
       report.visible_s, report.visible_events,
       extract(epoch FROM now() - report.seen_at)::double precision AS reported_s
  FROM reactions.checkpoints AS point
  LEFT JOIN projections.reports AS report ON report.model = point.reactor AND report.version = 1
 ORDER BY point.reactor;

-- name: insert_request
INSERT INTO projections.requests (tenant, subject, model, action, version)
VALUES ($1, $2, $3, $4, $5)
RETURNING request_no;

-- name: read_request
SELECT request_no, asked_at, subject, model, action, version, state, detail, result, ended_at
  FROM projections.requests
 WHERE request_no = $1;

-- name: list_requests
SELECT request_no, asked_at, subject, model, action, version, state, detail, result, ended_at
  FROM projections.requests
 ORDER BY request_no DESC
 LIMIT $1;

-- name: read_newest_comparison
SELECT request_no, asked_at, subject, model, action, version, state, detail, result, ended_at
  FROM projections.requests
 WHERE model = $1 AND action = 'compare'
 ORDER BY request_no DESC
 LIMIT 1;

-- name: list_parked
-- With the number of tasks that wait behind each, and how many there are in all.
SELECT task.reactor, task.position, task.step, task.kind, task.key, task.attempts, task.last_error,
       task.intent IS NOT NULL AS intended, task.changed_at AS parked_at,
       (SELECT count(*) FROM reactions.tasks AS later
         WHERE later.reactor = task.reactor AND later.key = task.key AND later.state IN ('waiting', 'parked')
           AND (later.position, later.step) > (task.position, task.step)) AS behind
  FROM reactions.tasks AS task
 WHERE task.state = 'parked'
 ORDER BY task.reactor, task.position, task.step
 LIMIT $1;

-- name: count_parked
SELECT count(*) FROM reactions.tasks WHERE state = 'parked';
