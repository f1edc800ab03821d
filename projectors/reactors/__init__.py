"""The reactors: what Bursar does about its own events, at least once each, in order per key.

    registry.py     which reactors there are
    tasks.py        what a reactor is: event -> tasks, and how a task is performed
    inbox.py        events in: the tasks of a batch and the checkpoint in one transaction
    store.py        the task table in PostgreSQL: lines, leases, results
    worker.py       tasks out: due, first in their line, under a lease
    commands.py     the command API, one attempt per call
    watch.py        figures about the table; done tasks are removed after a while
    run.py          composition root

The rule: an effect is keyed by the event that caused it (reactor, position, step), so that doing it again asks for
nothing new, and a result is written only under the lease that is still one's own.
"""
