-- What whoever keeps the read models asks of schema `projections`, as bursar_projector (reports: as bursar_reactor too).

-- name: list_builds
SELECT model, version, layout, role, wanted, head, role_since
  FROM projections.builds
 ORDER BY model, version;

-- name: insert_build
-- One that is there already is left as it is: two processes may find the same.
INSERT INTO projections.builds (model, version, layout, role, head)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (model, version) DO NOTHING;

-- name: change_wanted
UPDATE projections.builds SET wanted = $3 WHERE model = $1 AND version = $2;

-- name: promote
-- Candidate, serving, retired: each takes the next one's place, and what was retired goes.
UPDATE projections.builds
   SET role = CASE role WHEN 'candidate' THEN 'serving' WHEN 'serving' THEN 'retired' ELSE 'dropping' END,
       role_since = now()
 WHERE model = $1 AND role IN ('candidate', 'serving', 'retired');

-- name: roll_back
UPDATE projections.builds
   SET role = CASE role WHEN 'retired' THEN 'serving' ELSE 'retired' END, role_since = now()
 WHERE model = $1 AND role IN ('retired', 'serving');

-- name: give_up
UPDATE projections.builds
   SET role = 'dropping', role_since = now()
 WHERE model = $1 AND version = $2 AND role IN ('candidate', 'retired');

-- name: delete_build
DELETE FROM projections.builds WHERE model = $1 AND version = $2 AND role = 'dropping';

-- name: delete_report
DELETE FROM projections.reports WHERE model = $1 AND version = $2;

-- name: upsert_report
INSERT INTO projections.reports
       (model, version, state, position, applied_per_s, failure_category, failure_position, failure_detail,
        visible_s, visible_events, seen_at)
VALUES ($1, $2, $3, coalesce($4::bigint, 0), $5, $6, $7, $8, $9, $10, now())
ON CONFLICT (model, version) DO UPDATE
   SET state = excluded.state, position = coalesce($4::bigint, reports.position), applied_per_s = excluded.applied_per_s,
       failure_category = excluded.failure_category, failure_position = excluded.failure_position,
       failure_detail = excluded.failure_detail, visible_s = excluded.visible_s,
       visible_events = excluded.visible_events, seen_at = excluded.seen_at;

-- name: take_request
-- The oldest about a model that nobody works on. Two processes may ask at once.
UPDATE projections.requests
   SET state = 'running', taken_until = now() + make_interval(secs => $2)
 WHERE request_no = (SELECT request_no
                       FROM projections.requests
                      WHERE (state = 'waiting' OR (state = 'running' AND taken_until < now()))
                        AND model = $1
                      ORDER BY request_no
                      LIMIT 1
                        FOR UPDATE SKIP LOCKED)
RETURNING request_no, action, version;

-- name: end_request
UPDATE projections.requests
   SET state = $2, detail = $3, result = $4, ended_at = now(), taken_until = NULL
 WHERE request_no = $1 AND state = 'running';
