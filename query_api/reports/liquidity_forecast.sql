-- title: Liquidity forecast
-- description: What is due to leave and to come in over the next days, by day and currency, and what adds up of it. Scheduled
-- description: payments and the next occurrence of each standing order are on the days the book has; later occurrences are
-- description: projected on the days of their rule, before they are moved to working days. With `cash` it begins with the
-- description: balance of those accounts. Payments between accounts here move no liquidity.
-- parameter: days integer =30 How many days from the day of the position, or from `as_of_date`.
-- parameter: cash text - The accounts that are cash: this one and all whose ids begin with it and a colon.
-- parameter: currency text - Only this currency.
-- parameter: as_of_date date - Only what was recorded, or had taken effect, by the end of this day (UTC).
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: on_date date - the day; what is overdue keeps its own
-- column: source_no integer count order of the sources within a day
-- column: source text - balance, scheduled_payment, standing_order or projected_occurrence
-- column: payments integer count how many
-- column: outflow_minor integer minor what leaves by a rail
-- column: inflow_minor integer minor what comes in, or the balance
-- column: internal_minor integer minor what only moves between accounts here
-- column: cumulated_minor integer minor inflows less outflows up to this line
WITH today AS (
    SELECT COALESCE($as_of_date, $as_of_at::DATE) AS day
), said AS (
    SELECT * FROM things_as_of($as_of_position, $as_of_date) WHERE kind IN ('standing_order', 'scheduled_payment')
), waiting AS (
    SELECT payment_id
      FROM payment_events_as_of($as_of_position, $as_of_date)
     GROUP BY payment_id
    HAVING arg_max(type, position) = 'payment_scheduled'
), standing AS (
    SELECT thing_id, arg_max_null(on_date, position) AS next_on, any_value(account_id) AS debtor,
           any_value(other_account_id) AS creditor, any_value(currency) AS currency, any_value(amount_minor) AS amount_minor,
           any_value(details->>'every') AS every, any_value((details->>'first_on')::DATE) AS first_on,
           any_value((details->>'step')::BIGINT) AS step,
           COALESCE(any_value((details->>'day')::BIGINT), any_value(day((details->>'first_on')::DATE))) AS of_month,
           any_value((details->>'last_on')::DATE) AS last_on, any_value((details->>'count_max')::BIGINT) AS count_max,
           any_value(details->>'adjustment') AS adjustment,
           count(*) FILTER (WHERE type = 'standing_order_issued') AS issued
      FROM said
     WHERE kind = 'standing_order'
     GROUP BY thing_id
    HAVING arg_max(status, position) = 'active' AND arg_max_null(on_date, position) IS NOT NULL
), turn AS (
    SELECT *, unnest(range(
               greatest(0, CASE every WHEN 'week' THEN date_diff('day', first_on, next_on) // (7 * step)
                                      ELSE date_diff('month', first_on, next_on) // step END - 1),
               CASE every WHEN 'week' THEN date_diff('day', first_on, (SELECT day FROM today)) // (7 * step)
                          ELSE date_diff('month', first_on, (SELECT day FROM today)) // step END + $days // 7 + 3)) AS number
      FROM standing
), nominal AS (
    SELECT *, CASE every WHEN 'week' THEN first_on + (7 * step * number)::INTEGER
                         ELSE (date_trunc('month', first_on) + to_months((step * number)::INTEGER))::DATE
                              + (least(of_month, day(last_day((date_trunc('month', first_on) + to_months((step * number)::INTEGER))::DATE))) - 1)::INTEGER
              END AS day
      FROM turn
), booked AS (
    -- Which day of the rule the next occurrence is, before it was moved.
    SELECT thing_id, CASE any_value(adjustment)
               WHEN 'preceding' THEN min(day) FILTER (WHERE day >= next_on)
               WHEN 'modified_following' THEN arg_min(day, abs(date_diff('day', day, next_on)))
               ELSE max(day) FILTER (WHERE day <= next_on) END AS day
      FROM nominal
     GROUP BY thing_id
), later AS (
    SELECT nominal.*, row_number() OVER (PARTITION BY nominal.thing_id ORDER BY nominal.day) AS after_next
      FROM nominal JOIN booked ON booked.thing_id = nominal.thing_id
     WHERE nominal.day > booked.day AND (last_on IS NULL OR nominal.day <= last_on)
), due AS (
    SELECT on_date, 2 AS source_no, 'scheduled_payment' AS source, account_id AS debtor, other_account_id AS creditor,
           currency, amount_minor
      FROM said JOIN waiting ON waiting.payment_id = said.thing_id
     WHERE kind = 'scheduled_payment'
    UNION ALL
    SELECT next_on, 3, 'standing_order', debtor, creditor, currency, amount_minor FROM standing
    UNION ALL
    SELECT day, 4, 'projected_occurrence', debtor, creditor, currency, amount_minor
      FROM later
     WHERE count_max IS NULL OR issued + 1 + after_next <= count_max
), line AS (
    SELECT currency, on_date, source_no, source, count(*) AS payments,
           sum(CASE WHEN creditor IS NULL THEN amount_minor ELSE 0 END::HUGEINT) AS outflow_minor,
           sum(CASE WHEN debtor IS NULL THEN amount_minor ELSE 0 END::HUGEINT) AS inflow_minor,
           sum(CASE WHEN debtor IS NOT NULL AND creditor IS NOT NULL THEN amount_minor ELSE 0 END::HUGEINT) AS internal_minor
      FROM due
     WHERE on_date <= (SELECT day FROM today) + $days
     GROUP BY currency, on_date, source_no, source
    UNION ALL
    SELECT currency, (SELECT day FROM today), 1, 'balance', 0, 0::HUGEINT, sum(debit_minor - credit_minor), 0::HUGEINT
      FROM movements($as_of_position, NULL, $as_of_date)
     WHERE account_id = $cash OR starts_with(account_id, $cash || ':')
     GROUP BY currency
)
SELECT line.currency, currencies.scale, on_date, source_no, source, payments, outflow_minor, inflow_minor, internal_minor,
       sum(inflow_minor - outflow_minor) OVER (
           PARTITION BY line.currency ORDER BY source_no > 1, on_date, source_no ROWS UNBOUNDED PRECEDING) AS cumulated_minor
  FROM line LEFT JOIN currencies ON currencies.currency = line.currency
 WHERE $currency IS NULL OR line.currency = $currency
 ORDER BY line.currency, source_no > 1, on_date, source_no
