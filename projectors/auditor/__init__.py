"""The auditor: proves, slice by slice and for ever, that stream, Redis and lake say what the book says.

    findings.py     how two things are compared, and what a difference is
    book_side.py    the book against itself: hash chain, entries and balances follow from the events (pure)
    wallets_side.py what `wallets` must hold of the subjects that a slice touches (pure)
    desk_side.py    the same for `desk` (pure)
    lake_side.py    the rows of a slice in each table of the lake
    plan.py         which slice comes next: new positions, then a sweep from the newest down (pure)
    reading.py      the book's side of every comparison, read in one snapshot
    redis_side.py   reads Redis, a moment at a time
    auditing.py     one slice of one side, looked at twice before anything is said
    store.py        where each side's audit is, and what it found, in PostgreSQL
    healing.py      repairs a copy from the book; never the book
    timed.py        the job that the timers run

A slice is a range of positions. Each side has a cursor of its own, so that a store that is away delays nobody else.
"""
