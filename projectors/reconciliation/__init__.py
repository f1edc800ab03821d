"""Reconciliation: what the bank says beside what the book says, and every difference named.

``matching/`` is pure: lines and entries in, matches, suggestions and breaks out. ``open_items.py`` reads what has no
match yet, ``job.py`` has it matched and sends what was found as commands, ``suggestions.py`` keeps what a person would
have to confirm.
"""
