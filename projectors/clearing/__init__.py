"""Clearing accounts are watched: what is on them must be explained by movements that no settlement covers yet."""
