-- title: Exposure in foreign currencies
-- description: What the institution is long (or, negative, short) of in each foreign currency, what that cost, and what it
-- description: was worth beyond its cost at the last revaluation. Cost and valuation are in the functional currency.
-- key: currency scale functional_currency functional_scale
-- drill: general-ledger account_id=position_account_id as_of_date=$as_of_date
-- parameter: as_of_date date - Only entries that took effect by the end of this day.
-- parameter: as_of_position position - Only events up to this position.
-- column: currency text - the foreign currency
-- column: scale integer count its decimal places
-- column: position_account_id text - the account of the position
-- column: quantity_minor integer minor what is held, in the foreign currency
-- column: functional_currency text - currency of the other amounts
-- column: functional_scale integer count its decimal places
-- column: cost_minor integer minor what it cost
-- column: valuation_minor integer minor what it was worth beyond that when it was last revalued
-- column: worth_minor integer minor cost and valuation together
-- column: revalued_on date - day of the last revaluation that this position was part of
-- column: revalued_at_rate text - the rate then
-- column: newest_rate text - the newest rate against the functional currency, as published: one BASE costs so many COUNTER
-- column: newest_pair text - its BASE/COUNTER
-- column: rate_published_at timestamp - when that was
WITH said AS (
    SELECT *, recorded_at::DATE AS said_on FROM things_as_of($as_of_position, NULL)
     WHERE $as_of_date IS NULL OR COALESCE(on_date, recorded_at::DATE) <= $as_of_date
), terms AS (
    SELECT thing_id AS currency, arg_max(account_id, position) AS position_account_id,
           arg_max(details->>'functional_currency', position) AS functional_currency,
           arg_max(details->>'cost_account_id', position) AS cost_account_id,
           arg_max(details->>'valuation_account_id', position) AS valuation_account_id
      FROM said
     WHERE kind = 'fx_position' AND type = 'fx_defined'
     GROUP BY thing_id
), revalued AS (
    SELECT thing_id AS currency, arg_max(on_date, position) AS revalued_on, arg_max(details->>'rate', position) AS rate
      FROM said
     WHERE kind = 'fx_position' AND type = 'positions_revalued'
     GROUP BY thing_id
), rate AS (
    SELECT thing_id AS pair, currency AS base, details->>'counter_currency' AS counter, details->>'rate' AS rate, position,
           recorded_at
      FROM said
     WHERE kind = 'rate'
), balance AS (
    SELECT account_id, sum(debit_minor - credit_minor) AS debits_minor
      FROM movements($as_of_position, NULL, $as_of_date)
     WHERE account_id IN (SELECT unnest([position_account_id, cost_account_id, valuation_account_id]) FROM terms)
     GROUP BY account_id
), newest AS (
    SELECT terms.currency, arg_max(rate.rate, rate.position) AS rate, arg_max(rate.pair, rate.position) AS pair,
           max(rate.recorded_at) AS published_at
      FROM terms
      JOIN rate ON (rate.base, rate.counter) IN ((terms.currency, terms.functional_currency),
                                                 (terms.functional_currency, terms.currency))
     GROUP BY terms.currency
)
SELECT terms.currency, foreign_money.scale, terms.position_account_id,
       COALESCE(-quantity.debits_minor, 0::HUGEINT) AS quantity_minor,
       terms.functional_currency, own_money.scale AS functional_scale,
       COALESCE(cost.debits_minor, 0::HUGEINT) AS cost_minor,
       COALESCE(valuation.debits_minor, 0::HUGEINT) AS valuation_minor,
       COALESCE(cost.debits_minor, 0::HUGEINT) + COALESCE(valuation.debits_minor, 0::HUGEINT) AS worth_minor,
       revalued.revalued_on, revalued.rate AS revalued_at_rate,
       newest.rate AS newest_rate, newest.pair AS newest_pair, newest.published_at AS rate_published_at
  FROM terms
  LEFT JOIN balance AS quantity ON quantity.account_id = terms.position_account_id
  LEFT JOIN balance AS cost ON cost.account_id = terms.cost_account_id
  LEFT JOIN balance AS valuation ON valuation.account_id = terms.valuation_account_id
  LEFT JOIN revalued ON revalued.currency = terms.currency
  LEFT JOIN newest ON newest.currency = terms.currency
  LEFT JOIN currencies AS foreign_money ON foreign_money.currency = terms.currency
  LEFT JOIN currencies AS own_money ON own_money.currency = terms.functional_currency
 ORDER BY terms.currency
