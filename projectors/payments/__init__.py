"""The saga of a payment outside the ledger: an accepted payment is given to its rail until the rail says how it ended.

    saga.py        pure: what an event asks for, and what follows from a rail's answer
    performing.py  doing it: commands to the book, questions to the rails
    afterwards.py  the same for what is asked after settlement: refunds and recalls

The book decides and remembers; the saga only carries messages between the book and a rail, each under a key or an
instruction id that says the same thing however often it is said.
"""
