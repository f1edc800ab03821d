-- name: read_clearing
-- One row per rail and currency. Explained is what payments moved on the clearing account after the last day that the
-- rail has settled, but not longer ago than a rail may take ($1 days); everything else on the account is a difference.
-- Entries of one account behind a position are one range of the primary key. Both figures are in the normal side.
SELECT r.id,
       a.posted_minor,
       coalesce((
           SELECT sum(a.normal_sign * n.amount_minor)
             FROM entries n
             JOIN events e USING (position)
            WHERE n.account_no = a.account_no
              AND n.position > coalesce((c.state ->> 'behind_position')::bigint, 0)
              AND n.effective_date > (now() AT TIME ZONE 'UTC')::date - $1::integer
              AND n.effective_date > coalesce((c.state ->> 'settled_on')::date, '-infinity')
              AND starts_with(e.event ->> 'type', 'payment_')
       ), 0)::bigint AS explained_minor
  FROM records r
  JOIN accounts a ON a.account_id = r.state ->> 'clearing_account_id'
  LEFT JOIN records c ON c.kind = 'cleared_day' AND c.id = r.id
 WHERE r.kind = 'rail'
 ORDER BY r.id;
