"""Bursar's tests; every server in them is real."""
