-- Sums by account and month, and by day, over sealed files of the lake, which never change: what makes a trial balance or
-- a month of millions of entries a matter of milliseconds. See rollup.py, which fills in the braces from its own lists.

-- name: sum_months_of_file
-- One file's entries, taken together by account and month.
SELECT account_id, account_type, currency, scale, date_trunc('month', effective_date)::DATE AS month,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS debit_minor,
       sum(CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT ELSE 0::HUGEINT END) AS credit_minor,
       count(*) AS entries
  FROM {file}
 GROUP BY ALL;

-- name: sum_days_of_file
-- One file's entries, taken together by day and kind of event. A transfer's entries are all in one file.
SELECT effective_date, currency, scale, event_type, count(DISTINCT transfer_id) AS transfers, count(*) AS entries,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS volume_minor
  FROM {file}
 GROUP BY ALL;

-- name: keep_months
-- The months of all summed files together, as a table of the snapshot.
CREATE TABLE month_sums AS
SELECT account_id, account_type, currency, scale, month, sum(debit_minor::HUGEINT) AS debit_minor,
       sum(credit_minor::HUGEINT) AS credit_minor, sum(entries)::BIGINT AS entries
  FROM {months}
 GROUP BY ALL;

-- name: keep_days
-- The days of all summed files together, as a table of the snapshot.
CREATE TABLE day_sums AS
SELECT effective_date, currency, scale, event_type, sum(transfers)::BIGINT AS transfers, sum(entries)::BIGINT AS entries,
       sum(volume_minor::HUGEINT) AS volume_minor
  FROM {days}
 GROUP BY ALL;

-- name: define_summed_entries
-- The entries that the sums are of.
CREATE VIEW summed_entries AS SELECT * FROM {summed};

-- name: define_other_entries
-- The entries that are not in them.
CREATE VIEW other_entries AS SELECT * FROM {others} WHERE position <= {position};

-- name: define_raw_movements
-- What stands in the entries themselves, one row each: all of them where the sums reach beyond `up_to`, else those that
-- are not summed, and of summed ones those of a month that is only partly asked about. Parameters are folded into
-- constants before planning, so that branches which cannot give a row are not even opened.
CREATE MACRO raw_movements(up_to, first_day, last_day) AS TABLE
SELECT account_id, account_type, currency, scale, amount_minor
  FROM other_entries
 WHERE (up_to IS NULL OR position <= up_to)
   AND (first_day IS NULL OR effective_date >= first_day) AND (last_day IS NULL OR effective_date <= last_day)
UNION ALL
SELECT account_id, account_type, currency, scale, amount_minor
  FROM summed_entries
 WHERE up_to < {through} AND position <= up_to
   AND (first_day IS NULL OR effective_date >= first_day) AND (last_day IS NULL OR effective_date <= last_day)
UNION ALL
SELECT account_id, account_type, currency, scale, amount_minor
  FROM summed_entries
 WHERE (up_to IS NULL OR up_to >= {through}) AND first_day IS NOT NULL AND first_day <> month_begin(first_day)
   AND effective_date >= first_day AND effective_date < next_month(first_day)
   AND (last_day IS NULL OR effective_date <= last_day)
UNION ALL
SELECT account_id, account_type, currency, scale, amount_minor
  FROM summed_entries
 WHERE (up_to IS NULL OR up_to >= {through}) AND last_day IS NOT NULL AND last_day::DATE + 1 <> next_month(last_day)
   AND effective_date <= last_day AND effective_date >= month_begin(last_day)
   -- Not what the branch above gives already: both days in one month that the first one cuts.
   AND (first_day IS NULL OR (effective_date >= first_day
        AND (first_day = month_begin(first_day) OR month_begin(first_day) <> month_begin(last_day))));

-- name: define_movements
-- Per account what was debited and credited from one effective date to another; NULL: no limit.
CREATE MACRO movements(up_to, first_day, last_day) AS TABLE
SELECT account_id, account_type, currency, scale, sum(debit_minor) AS debit_minor, sum(credit_minor) AS credit_minor,
       sum(entries) AS entries
  FROM (SELECT account_id, account_type, currency, scale, debit_minor, credit_minor, entries
          FROM month_sums
         WHERE (up_to IS NULL OR up_to >= {through})
           AND (first_day IS NULL OR month >= first_day) AND (last_day IS NULL OR next_month(month) <= last_day::DATE + 1)
        UNION ALL
        SELECT account_id, account_type, currency, scale,
               sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END),
               sum(CASE WHEN amount_minor < 0 THEN -amount_minor::HUGEINT ELSE 0::HUGEINT END),
               count(*)
          FROM raw_movements(up_to, first_day, last_day)
         GROUP BY ALL)
 GROUP BY ALL;

-- name: define_day_volumes
-- Per effective day and kind of event, from one day to another, what was transferred; NULL: no limit. The sums are of
-- whole days, so only a position before the last summed one needs the summed entries themselves.
CREATE MACRO day_volumes(up_to, first_day, last_day) AS TABLE
SELECT effective_date, currency, scale, event_type, sum(transfers)::BIGINT AS transfers, sum(entries)::BIGINT AS entries,
       sum(volume_minor) AS volume_minor
  FROM (SELECT effective_date, currency, scale, event_type, transfers, entries, volume_minor
          FROM day_sums
         WHERE up_to IS NULL OR up_to >= {through}
        UNION ALL
        SELECT effective_date, currency, scale, event_type, count(DISTINCT transfer_id), count(*),
               sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END)
          FROM (FROM other_entries WHERE up_to IS NULL OR position <= up_to
                UNION ALL
                FROM summed_entries WHERE up_to < {through} AND position <= up_to)
         WHERE (first_day IS NULL OR effective_date >= first_day) AND (last_day IS NULL OR effective_date <= last_day)
         GROUP BY ALL)
 WHERE (first_day IS NULL OR effective_date >= first_day) AND (last_day IS NULL OR effective_date <= last_day)
 GROUP BY ALL;
