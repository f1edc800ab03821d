"""The projectors: from the book's events to the read models, in order, each event once.

    run.py          composition root: one independent projection per read model
    feed.py         the events behind a position: history from PostgreSQL, then live from JetStream
    apply.py        the contract between feed and read model, and the loop that keeps it
    wallets/        the model in Redis: balances, statements, holds, payments now
    lake/           the model in Delta tables: every entry, for reports over any period
    rebuild.py      drop a model, so that it is built again from the book

Two rules. A model and its checkpoint move in one atomic step or not at all. An event that cannot be read is never
skipped: the model stands still at it and says so, because a balance that misses one entry is worse than an old one.
This package does not import `ledger`: what it knows of the book it learns from contracts.
"""
