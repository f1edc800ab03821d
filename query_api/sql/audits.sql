-- What the auditor keeps in schema `reactions`.

-- name: read_audits
-- One row of one moment: where each side is, how much differs, and the newest of it with the time when it was found.
SELECT (SELECT coalesce(json_agg(cursor), '[]')::text FROM reactions.audits) AS cursors,
       (SELECT count(*) FROM reactions.audit_differences) AS total,
       (SELECT coalesce(json_agg(shown.difference), '[]')::text
          FROM (SELECT difference::jsonb || jsonb_build_object('found_at', found_at) AS difference
                  FROM reactions.audit_differences
                 ORDER BY found_at DESC, model, subject, field
                 LIMIT $1) shown) AS differences;
