"""The window: every question about the book over HTTP, each answer saying how current it is.

It reads what others wrote (Redis, the lake, PostgreSQL) and writes nothing but who asked what in SQL (`adhoc`). It does
not import `ledger`.
"""
