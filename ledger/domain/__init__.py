"""Decisions, pure: ``decide(command, state, moment) -> events | Refused`` and ``evolve(state, event, position)``.

Nothing in this folder waits, logs, reads a clock or draws a random number. One file per noun. A decision never changes
the state it looks at; only ``evolve`` does, and it cannot refuse. ``book.py`` dispatches over all commands and events.
"""
