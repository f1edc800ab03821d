"""Foreign exchange: published rates, quotes for one payment each, and the institution's positions in the books.

    terms      the functional currency, and three accounts per foreign currency
    rates      what a pair costs, exactly
    quotes     a price for one payment of one principal
    positions  what a trade and a revaluation book

A position *is* its accounts' balances; nothing is kept beside the book that could differ from it:

    position   +  what the institution is long of, in the foreign currency (credit-normal)
    cost       +  what that cost, in the functional currency (debit-normal)
    valuation  +  what it is worth beyond its cost, as of the last revaluation, in the functional currency

So cost + valuation is the position's value at the rate of the last revaluation, to the minor unit; and what the
institution has paid net + all realised results = cost.
"""
