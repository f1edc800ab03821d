-- What reconciliation suggests (schema `reactions`), beside what the book says of the same lines and entries now.

-- name: read_suggestions_page
-- Suggestions of account $1 (null: of all) from score $2 on, surest first, below the key ($3, $4), at most $6. Those whose
-- line or entry is in a match by now, in the snapshot of the head, are left out. At most $5 are looked at, which bounds the
-- work of a page that is matched already; the last one looked at is returned as the place to go on from.
WITH examined AS MATERIALIZED (
    SELECT suggestion_id, account_id, score_permille, line_ids, entry_ids, suggestion
      FROM reactions.suggestions
     WHERE ($1::text IS NULL OR account_id = $1) AND score_permille >= $2
       AND (score_permille, suggestion_id) < ($3::integer, $4::text)
     ORDER BY score_permille DESC, suggestion_id DESC
     LIMIT $5
)
SELECT head.position AS head_position, NULLIF(head.recorded_at, '-infinity') AS head_recorded_at,
       (SELECT min(computed_at) FROM reactions.suggestion_runs WHERE $1::text IS NULL OR account_id = $1) AS looked_at,
       (SELECT count(*) FROM examined) AS examined, last.score_permille AS last_score, last.suggestion_id AS last_id,
       found.suggestion, found.position, found.policy, found.computed_at
  FROM head
  LEFT JOIN LATERAL (
      SELECT score_permille, suggestion_id FROM examined ORDER BY score_permille, suggestion_id LIMIT 1
  ) AS last ON true
  LEFT JOIN LATERAL (
      SELECT examined.score_permille, examined.suggestion_id, examined.suggestion::text AS suggestion,
             run.position, run.policy, run.computed_at
        FROM examined JOIN reactions.suggestion_runs AS run USING (account_id)
       WHERE NOT EXISTS (SELECT FROM records WHERE kind = 'statement_line' AND id = ANY (examined.line_ids)
                            AND state ->> 'match_id' IS NOT NULL)
         AND NOT EXISTS (SELECT FROM records WHERE kind = 'matched_entry' AND id = ANY (examined.entry_ids)
                            AND state ->> 'match_id' IS NOT NULL)
       ORDER BY examined.score_permille DESC, examined.suggestion_id DESC
       LIMIT $6
  ) AS found ON true
 ORDER BY found.score_permille DESC, found.suggestion_id DESC;
