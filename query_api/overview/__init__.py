"""The ledger at one glance: one snapshot for everybody who asks within a moment.

sums.py      running sums over the lake; only what is new is read
alerts.py    what a person should look at, from the figures
snapshot.py  the snapshot itself, from Redis, the desk, the sums and the positions
"""
