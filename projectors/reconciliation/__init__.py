"""Reconciliation: what the bank says beside what the book says, and every difference named.

``matching/`` is pure: lines and entries in, matches, suggestions and breaks out.
"""
