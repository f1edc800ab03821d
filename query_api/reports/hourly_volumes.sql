-- title: Hourly volumes
-- description: What was booked in each hour (UTC), by currency and kind of event: transfers, entries and the sum of debits.
-- key: hour currency scale event_type
-- parameter: currency text - Only this currency.
-- parameter: from date - First day of recording (UTC).
-- parameter: to date - Last day of recording (UTC).
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: hour timestamp - beginning of the hour
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: event_type text - what booked the entries
-- column: transfers integer count number of transfers
-- column: entries integer count number of entries
-- column: volume_minor integer minor sum of the debits
SELECT date_trunc('hour', recorded_at) AS hour, currency, any_value(scale) AS scale, event_type,
       count(DISTINCT transfer_id) AS transfers,
       count(*) AS entries,
       sum(CASE WHEN amount_minor > 0 THEN amount_minor::HUGEINT ELSE 0::HUGEINT END) AS volume_minor
  FROM entries_as_of($as_of_position, $as_of_date)
 WHERE ($currency IS NULL OR currency = $currency)
   AND ($from IS NULL OR recorded_at::DATE >= $from) AND ($to IS NULL OR recorded_at::DATE <= $to)
 GROUP BY hour, currency, event_type
 ORDER BY hour, currency, event_type
