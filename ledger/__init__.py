"""The book: how a command becomes events and entries, and in which order.

    step       where                         what                                              round trips
    ---------  ----------------------------  ------------------------------------------------  -----------
    queue      sequencer/queue.py            a bounded queue; full means "not now", at once              0
    load       store/load.py                 outcomes of known keys; states not held in memory         1-4
    decide     domain/ (memory only)         every command in order against those states                 0
    write      store/append.py               head, events, entries, outcomes in one transaction          6
    answer     sequencer/sequencer.py        after COMMIT, with the event's exact bytes                  0
    publish    relay/                        reads the book, writes the stream                           -

While one batch commits, the next is decided on top of it; if the commit fails, or another process wrote first, what was
decided on top is thrown away and decided again from the book under the lock of the head row. The head row orders all
writers of a ledger, so positions have no holes and the hash chain has one head.
"""
