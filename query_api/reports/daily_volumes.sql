-- title: Daily volumes
-- description: What took effect on each day, by currency and kind of event: transfers, entries and the sum of the debits.
-- key: effective_date currency scale event_type
-- drill: general-ledger currency=currency from=effective_date to=effective_date event_type=event_type as_of_date=$as_of_date
-- parameter: currency text - Only this currency.
-- parameter: from date - First effective date.
-- parameter: to date - Last effective date.
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: effective_date date - the day
-- column: currency text - currency of the amounts
-- column: scale integer count decimal places of the currency
-- column: event_type text - what booked the entries
-- column: transfers integer count number of transfers
-- column: entries integer count number of entries
-- column: volume_minor integer minor sum of the debits
SELECT effective_date, currency, scale, event_type, transfers, entries, volume_minor
  FROM day_volumes($as_of_position, $from, CASE WHEN $as_of_date < $to OR $to IS NULL THEN $as_of_date ELSE $to END)
 WHERE $currency IS NULL OR currency = $currency
 ORDER BY effective_date, currency, event_type
