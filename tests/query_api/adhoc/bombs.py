"""Questions that are allowed and want far too much: memory, time, rows, nesting. Each must end at its limit."""

from __future__ import annotations

BOMBS = (
    "SELECT length(repeat('a', 2000000000))",
    "SELECT repeat('a', 300000000)",
    "SELECT list_sum(range(1000000000))",
    "SELECT count(*) FROM (SELECT unnest(range(1000000000)))",
    "SELECT levenshtein(repeat('ab', 50000), repeat('ba', 50000))",
    "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b",
    "SELECT count(*) FROM entries a, entries b, entries c, entries d, entries e, entries f, entries g, entries h",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT max(n) FROM t",
    "WITH RECURSIVE t AS (SELECT 'a' AS s UNION ALL SELECT s || s FROM t) SELECT max(length(s)) FROM t",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, range(1000)) SELECT count(*) FROM t",
    "SELECT list(range) FROM range(500000000)",
    "SELECT string_agg(repeat('x', 1000), '') FROM range(10000000)",
    "SELECT count(DISTINCT hash(range)) FROM range(2000000000)",
    "SELECT * FROM range(200000000) ORDER BY hash(range) DESC",
    "SELECT array_agg(a.range ORDER BY hash(a.range)) FROM range(50000) a, range(50000) b",
    "SELECT rpad('x', 2000000000, 'y')",
    "SELECT regexp_replace(repeat('a', 100000000), 'a', repeat('b', 100), 'g')",
    "SELECT list_reduce(range(100000000), lambda x, y: x + y)",
    "SELECT md5(string_agg(md5(range::VARCHAR), '')) FROM range(1000000000)",
    "SELECT json_array_length(to_json(range(300000000)))",
    "SELECT approx_quantile(a.range + b.range, 0.5) FROM range(1000000) a, range(1000000) b",
    "SELECT sum(x) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND 90000000 FOLLOWING) FROM range(90000000) t(x)",
    "SELECT count(*) FROM generate_series(TIMESTAMP '0001-01-01', TIMESTAMP '9999-01-01', INTERVAL 1 SECOND)",
    "SELECT histogram(hash(range)) FROM range(900000000)",
    "SELECT max(length(lpad('x', (a.range * 1000)::INT, 'y'))) FROM range(1000000) a",
    "SELECT map_from_entries(list_zip(range(200000000), range(200000000)))",
)
