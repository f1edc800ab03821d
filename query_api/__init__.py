"""The window: every question about the book over HTTP, each answer saying how current it is.

It reads what others wrote (Redis, the lake, PostgreSQL) and writes nothing. It does not import `ledger`.
"""
