-- DuckDB over the files of a version of the lake, up to the position that both compared versions have.

-- name: digest_table
-- The sum of the rows' hashes does not depend on their order, nor on which file they are in.
SELECT count(*), coalesce(sum(hash({columns})::HUGEINT), 0)::VARCHAR
  FROM read_parquet($files)
 WHERE position <= $position;

-- name: sum_entries
SELECT currency,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END),
       sum(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END)
  FROM read_parquet($files)
 WHERE position <= $position
 GROUP BY currency
 ORDER BY currency;
