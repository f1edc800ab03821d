"""Two counterparties that are not there: a bank and a card processor, each a process with a ledger of its own.

They exist to be wrong on purpose, and to prove afterwards what they did. How an instruction is treated is a pure
function of a seed and its id, so that a run can be repeated.
"""
