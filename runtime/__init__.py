"""What every process stands on: settings, clock, pools, the stream, HTTP manners, tokens, health, shutdown.

This package knows no business word. It imports neither `contracts` nor `ledger`, so that any of its modules can be
read, tested and replaced without knowing what the system is for.
"""
