-- title: Customer cohorts
-- description: Customers by the month (UTC) in which they applied: how many, how many were ever verified, and how many of them
-- description: initiated payments in that month (0) and in each month since.
-- parameter: from date - First day of application (UTC).
-- parameter: to date - Last day of application (UTC).
-- parameter: as_of_date date - Only what was recorded by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: cohort date - first day of the month of application
-- column: customers integer count how many applied
-- column: verified integer count of them ever verified
-- column: left_us integer count of them rejected, offboarded or erased since
-- column: month_no integer count months since the cohort's own
-- column: active integer count customers who initiated a payment in that month
-- column: active_permille integer permille the same per thousand of the cohort, rounded down
-- column: payments integer count the payments they initiated
WITH customer AS (
    SELECT customer_id, date_trunc('month', applied_at)::DATE AS cohort, was_verified,
           status IN ('rejected', 'offboarded', 'erasing', 'erased') AS has_left
      FROM customers_as_of($as_of_position, $as_of_date)
     WHERE ($from IS NULL OR applied_at::DATE >= $from) AND ($to IS NULL OR applied_at::DATE <= $to)
), cohort AS (
    SELECT cohort, count(*) AS customers, count(*) FILTER (WHERE was_verified) AS verified,
           count(*) FILTER (WHERE has_left) AS left_us
      FROM customer
     GROUP BY cohort
), month AS (
    SELECT cohort, unnest(range(0, date_diff('month', cohort, (moment($as_of_date, $as_of_at) - INTERVAL 1 MICROSECOND)::DATE) + 1)) AS month_no
      FROM cohort
), activity AS (
    SELECT customer.cohort, date_diff('month', customer.cohort, begun.recorded_at::DATE) AS month_no,
           count(DISTINCT begun.customer_id) AS active, count(*) AS payments
      FROM payments_begun($as_of_position, $as_of_date, NULL, NULL) AS begun
      JOIN customer ON customer.customer_id = begun.customer_id
     GROUP BY customer.cohort, month_no
)
SELECT cohort.cohort, customers, verified, left_us, month.month_no,
       COALESCE(active, 0) AS active,
       1000 * COALESCE(active, 0) // customers AS active_permille,
       COALESCE(payments, 0) AS payments
  FROM cohort
  JOIN month ON month.cohort = cohort.cohort
  LEFT JOIN activity ON activity.cohort = month.cohort AND activity.month_no = month.month_no
 ORDER BY cohort.cohort, month.month_no
