-- One report for two periods, side by side. The parts in braces are statements and names of our own report files, see
-- comparing.py; nothing of a request is written into them.

-- name: compare
-- A row that only one of the periods has counts as zero in the other.
WITH now AS (
{now}
), before AS (
{before}
)
SELECT {columns}
  FROM now FULL JOIN before ON {matching}
 ORDER BY {order}
