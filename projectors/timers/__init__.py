"""The timers: what Bursar does because a moment has come.

    registry.py     which deadlines are watched, and which other jobs there are
    deadlines.py    find what is due, send the fitting command for each, once
    schedules.py    when a job is due
    jobs.py         what a job is
    lease.py        who may run them: a lease in PostgreSQL with a fencing token
    ticker.py       runs each job when it is due, each tick once
    run.py          composition root

The rule: a moment's effect is keyed by what was due and when, so that two timers that both think they are the one ask
for nothing twice; and whoever lost the lease writes nothing.
"""
