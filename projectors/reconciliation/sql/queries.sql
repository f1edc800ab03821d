-- What the reconciliation job reads from the book, and the suggestions that it keeps beside it, as bursar_reactor.

-- name: read_head_position
SELECT position FROM head;

-- name: read_reconciled_accounts
-- Accounts that have statements at all.
SELECT id AS account_id FROM records WHERE kind = 'statement_account' ORDER BY id;

-- name: read_open_statements
-- Complete statements of an account with lines that have no match. Statements are few: one per account and day.
SELECT id AS statement_id, (state ->> 'opening_on')::date AS opening_on, (state ->> 'closing_on')::date AS closing_on
  FROM records
 WHERE kind = 'statement'
   AND state ->> 'account_id' = $1
   AND state ->> 'imported_lines' = state ->> 'line_count'
 ORDER BY (state ->> 'closing_on')::date, (state ->> 'unmatched_lines')::int = 0, id;

-- name: read_unmatched_lines
-- Lines of a statement without a match: a range of the primary key, since a line's id begins with its statement's.
SELECT id AS line_id, state::text AS state
  FROM records
 WHERE kind = 'statement_line' AND id >= $1 || ':' AND id < $1 || ';'
   AND state ->> 'match_id' IS NULL
 LIMIT $2;

-- name: read_unmatched_entries
-- Entries of an account in a span of days without a match, with what the event that booked them says about them. Older
-- ones were looked at by earlier runs and are breaks since.
SELECT e.position, e.leg, e.effective_date, e.amount_minor, e.currency,
       r.state ->> 'break_id'                   AS break_id,
       ev.event -> 'data' ->> 'reference'       AS reference,
       ev.event -> 'data' ->> 'end_to_end_id'   AS end_to_end_id,
       ev.event -> 'data' ->> 'rail_reference'  AS rail_reference,
       ev.event -> 'data' ->> 'payment_id'      AS payment_id,
       coalesce(ev.event -> 'data' ->> 'reversal_id', ev.event -> 'data' ->> 'transfer_id') AS transfer_id,
       ev.event -> 'data' -> 'facts' ->> 'end_to_end_id' AS original_end_to_end_id,
       ev.event -> 'data' -> 'facts' ->> 'payee_id'      AS payee_id
  FROM entries e
  JOIN accounts a ON a.account_no = e.account_no
  JOIN events ev ON ev.position = e.position
  LEFT JOIN records r ON r.kind = 'matched_entry' AND r.id = e.position || '.' || e.leg
 WHERE a.account_id = $1
   AND e.amount_minor <> 0
   AND e.effective_date BETWEEN $2 AND $3
   AND r.state ->> 'match_id' IS NULL
 LIMIT $4;

-- name: read_balance_figures
-- What closing a day needs: the book's balance at the end of it, and what of it has no match, debit positive.
SELECT coalesce(sum(e.amount_minor), 0)::bigint AS ledger_minor,
       coalesce(sum(e.amount_minor) FILTER (WHERE r.state ->> 'match_id' IS NULL), 0)::bigint AS unmatched_minor
  FROM entries e
  JOIN accounts a ON a.account_no = e.account_no
  LEFT JOIN records r ON r.kind = 'matched_entry' AND r.id = e.position || '.' || e.leg
 WHERE a.account_id = $1 AND e.effective_date <= $2;

-- name: begin_suggestions
-- No row: a later run was quicker. Else the row is locked until the commit.
INSERT INTO reactions.suggestion_runs AS kept (account_id, position, policy)
VALUES ($1, $2, $3)
    ON CONFLICT (account_id) DO UPDATE
   SET position = EXCLUDED.position, policy = EXCLUDED.policy, computed_at = now()
 WHERE kept.position <= EXCLUDED.position
RETURNING account_id;

-- name: delete_suggestions
DELETE FROM reactions.suggestions WHERE account_id = $1;

-- name: insert_suggestion
INSERT INTO reactions.suggestions (suggestion_id, account_id, score_permille, line_ids, entry_ids, suggestion)
VALUES ($1, $2, $3, $4, $5, $6::json);
