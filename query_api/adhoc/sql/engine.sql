-- What Bursar itself asks of the DuckDB in which questions run.

-- name: parse_statement
-- The parser's own reading of a text; nothing of it runs.
SELECT json_serialize_sql($sql::VARCHAR);

-- name: read_settings
-- Every setting as it is, to compare with what it was set to.
SELECT name, value FROM duckdb_settings();

-- name: warm_up
-- Makes Python and Arrow load what they load at the first result, before the file system is closed to them.
SELECT 1 AS n, '1' AS t, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS at, DATE '2026-01-01' AS d, 1::HUGEINT AS h, 1.5 AS m, [1] AS l,
       {'a': INTERVAL 1 DAY} AS s, MAP {'k': 1} AS p, TIME '10:00' AS c, 'b'::BLOB AS b;
